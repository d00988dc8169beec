import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Deployment } from 'kubernetes-types/apps/v1.d.ts'
import type { ConfigMap, Container, PodSpec, Service } from 'kubernetes-types/core/v1.d.ts'
import { parseAllDocuments } from 'yaml'
import { projectRoot, sidecarExample, valueSets } from '../../scripts/helm/render.ts'

export interface KubernetesObject {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>> }
  readonly spec?: unknown
  readonly data?: Readonly<Record<string, string>>
}

/** The objects of rendered YAML, read as Kubernetes does: YAML 1.1, where 0440 is octal. */
export function objectsOf(text: string): readonly KubernetesObject[] {
  return parseAllDocuments(text, { version: '1.1' }).flatMap((document) => {
    if (document.errors.length > 0) throw document.errors[0]
    const value = document.toJS() as KubernetesObject | null
    return value === null ? [] : [value]
  })
}

/** Everything that is rendered, by the name of its golden file. */
export const goldenFiles: readonly { golden: string; objects: readonly KubernetesObject[] }[] = [
  ...valueSets,
  sidecarExample,
].map(({ golden }) => ({ golden, objects: objectsOf(readFileSync(join(projectRoot, golden), 'utf8')) }))

export function objectsIn(golden: string): readonly KubernetesObject[] {
  return goldenFiles.find((file) => file.golden === golden)?.objects ?? []
}

export const deploymentsIn = (objects: readonly KubernetesObject[]) =>
  objects.filter(({ kind }) => kind === 'Deployment') as readonly Deployment[]
export const servicesIn = (objects: readonly KubernetesObject[]) =>
  objects.filter(({ kind }) => kind === 'Service') as readonly Service[]

/** The configuration of the proxy in a ConfigMap; null: none of these has one. */
export function configurationIn(objects: readonly KubernetesObject[]): string | null {
  const maps = objects.filter(({ kind }) => kind === 'ConfigMap') as readonly ConfigMap[]
  return maps.map(({ data }) => data?.['ocpp-security-proxy.yaml']).find((text) => text !== undefined) ?? null
}

export function podOf(deployment: Deployment): PodSpec {
  const pod = deployment.spec?.template.spec
  if (pod === undefined) throw new Error('a Deployment without a pod')
  return pod
}

/** The container of the proxy, wherever it stands in the pod. */
export function proxyContainer(pod: PodSpec): Container {
  const all = [...(pod.initContainers ?? []), ...pod.containers]
  const found = all.find(({ name }) => name === 'ocpp-security-proxy')
  if (found === undefined) throw new Error('no container of the proxy')
  return found
}
