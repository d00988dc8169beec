import { chmodSync, chownSync, lchownSync, mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { PodSpec, Volume } from 'kubernetes-types/core/v1.d.ts'
import { type KubernetesObject, proxyContainer } from '../helm/documents.ts'

/** Files of a ConfigMap or a Secret, by key. */
export type Contents = Readonly<Record<string, string>>

export interface Sources {
  readonly configMaps: Readonly<Record<string, Contents>>
  readonly secrets: Readonly<Record<string, Contents>>
}

export function configMapsIn(objects: readonly KubernetesObject[]): Record<string, Contents> {
  const maps = objects.filter(({ kind }) => kind === 'ConfigMap')
  return Object.fromEntries(maps.map(({ metadata, data = {} }) => [metadata.name, data]))
}

const group = 65_532
/** Whoever is not root has files of its own, and nobody to give them to. */
const isRoot = process.getuid?.() === 0

/**
 * What the kubelet does for a pod: the volumes of the proxy's container in the folders where it mounts
 * them. What is read belongs to root and can be read by the group of the pod; the rest is writable for it.
 */
export function mountVolumes(root: string, pod: PodSpec, sources: Sources): void {
  for (const { name, mountPath } of proxyContainer(pod).volumeMounts ?? []) {
    const volume = pod.volumes?.find((one) => one.name === name)
    if (volume === undefined) throw new Error(`there is no volume ${name}`)
    const folder = join(root, mountPath)
    mkdirSync(folder, { recursive: true })
    const files = filesOf(volume, sources)
    if (files === null && isRoot) chownSync(folder, group, group)
    if (files !== null)
      updateVolume(folder, files, volume.secret?.defaultMode ?? volume.configMap?.defaultMode ?? 0o644)
  }
}

/** null: a volume that is written to. Throws where a source or a key is missing, as the kubelet would wait. */
function filesOf(volume: Volume, { configMaps, secrets }: Sources): Contents | null {
  const found = <T>(value: T | undefined, what: string): T => {
    if (value === undefined) throw new Error(`${volume.name}: there is no ${what}`)
    return value
  }
  if (volume.configMap) return found(configMaps[volume.configMap.name ?? ''], 'ConfigMap')
  if (volume.secret) return found(secrets[volume.secret.secretName ?? ''], 'Secret')
  if (volume.projected) {
    const items = (volume.projected.sources ?? []).flatMap(({ configMap, secret }) => {
      const contents = configMap ? configMaps[configMap.name ?? ''] : secrets[secret?.name ?? '']
      return ((configMap ?? secret)?.items ?? []).map(({ key, path }) => {
        return [path, found(contents?.[key], `key ${key}`)] as const
      })
    })
    return Object.fromEntries(items)
  }
  return null
}

let versions = 0

/** As Kubernetes swaps a volume: a new folder, `..data` renamed to it in one step, the names point through it. */
export function updateVolume(folder: string, files: Contents, mode = 0o440): void {
  versions += 1
  const version = `..version-${versions}`
  for (const [name, text] of Object.entries(files)) {
    const path = join(folder, version, name)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text)
    if (isRoot) chownSync(path, 0, group)
    chmodSync(path, mode)
    const top = name.split('/')[0] ?? name
    try {
      symlinkSync(join('..data', top), join(folder, top))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
  }
  symlinkSync(version, join(folder, '..next'))
  if (isRoot) lchownSync(join(folder, '..next'), 0, group)
  renameSync(join(folder, '..next'), join(folder, '..data'))
}
