import type { JsonSchema } from './schema.ts'

/** What a default value does not tell about the values beside it, by path. */

const text: JsonSchema = { type: 'string' }
const name: JsonSchema = { type: 'string', minLength: 1 }
const texts: JsonSchema = { type: 'object', additionalProperties: text }
/** Kubernetes has their schema, and says what is wrong with them. */
const anything: JsonSchema = { type: 'object' }
const listOf = (items: JsonSchema): JsonSchema => ({ type: 'array', items })
const whole = (minimum: number, maximum: number): JsonSchema => ({ type: 'integer', minimum, maximum })

function section(properties: Readonly<Record<string, JsonSchema>>, ...required: string[]): JsonSchema {
  return { type: 'object', properties, required, additionalProperties: false }
}

const certificateFiles: JsonSchema = {
  type: 'object',
  patternProperties: {
    '^[A-Za-z0-9][A-Za-z0-9._-]*$': { type: 'string', pattern: '-----BEGIN CERTIFICATE-----' },
  },
  additionalProperties: false,
}

export const shapes: Readonly<Record<string, JsonSchema>> = {
  mode: { enum: ['gateway', 'sidecar'] },
  nameOverride: { type: 'string', pattern: '^([a-z]([a-z0-9-]*[a-z0-9])?)?$' },
  fullnameOverride: { type: 'string', pattern: '^([a-z]([a-z0-9-]*[a-z0-9])?)?$' },
  'image.digest': { type: 'string', pattern: '^(sha256:[0-9a-f]{64})?$' },
  'image.pullPolicy': { enum: ['Always', 'IfNotPresent', 'Never'] },
  imagePullSecrets: listOf(section({ name }, 'name')),
  'sidecar.podLabels': texts,
  secretFiles: {
    type: 'object',
    patternProperties: {
      '^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$': section(
        { secretName: name, items: listOf(section({ key: name, path: name }, 'key', 'path')) },
        'secretName',
      ),
    },
    additionalProperties: false,
  },
  env: listOf(section({ name, value: text, valueFrom: anything }, 'name')),
  // No wildcards (A00.FR.510).
  'certificates.dnsNames': listOf({ type: 'string', pattern: '^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$' }),
  'certificates.certManager.duration': { type: 'string', pattern: '^([0-9]+(h|m|s))+$' },
  'certificates.certManager.renewBefore': { type: 'string', pattern: '^([0-9]+(h|m|s))+$' },
  'certificates.certManager.rsaBits': { enum: [2048, 3072, 4096] },
  'trust.roots': certificateFiles,
  'trust.factoryRoots': certificateFiles,
  'trust.secrets': listOf(section({ secretName: name, key: name }, 'secretName', 'key')),
  'admin.port': whole(1, 65_535),
  'admin.host': { enum: ['', '0.0.0.0', '[::]'] },
  extraVolumes: listOf({ ...anything, properties: { name }, required: ['name'] }),
  extraVolumeMounts: listOf({
    ...anything,
    properties: { name, mountPath: name },
    required: ['name', 'mountPath'],
  }),
  'admin.tokenSecret.key': name,
  'sealingKeySecret.key': name,
  'redis.urls': listOf({ type: 'string', pattern: '^rediss?://' }),
  'redis.passwordSecret.key': name,
  'persistence.size': { type: 'string', pattern: '^[0-9]+(\\.[0-9]+)?(Mi|Gi|Ti|M|G|T)$' },
  'persistence.annotations': texts,
  'service.type': { enum: ['ClusterIP', 'NodePort', 'LoadBalancer'] },
  'service.annotations': texts,
  'service.nodePorts': { type: 'object', additionalProperties: whole(1, 65_535) },
  'service.ipFamilyPolicy': { enum: ['', 'SingleStack', 'PreferDualStack', 'RequireDualStack'] },
  'service.ipFamilies': { ...listOf({ enum: ['IPv4', 'IPv6'] }), maxItems: 2, uniqueItems: true },
  'service.ports': { type: 'object', additionalProperties: whole(1, 65_535) },
  'service.loadBalancerSourceRanges': listOf(name),
  'service.externalTrafficPolicy': { enum: ['Local', 'Cluster'] },
  'proxyProtocol.from': listOf({ type: 'string', pattern: '^[0-9A-Fa-f:.]+(/[0-9]{1,3})?$' }),
  resources: anything,
  'autoscaling.minReplicas': whole(1, 1000),
  'autoscaling.maxReplicas': whole(1, 1000),
  'autoscaling.targetCPUUtilizationPercentage': whole(1, 100),
  'autoscaling.metrics': listOf(anything),
  'podDisruptionBudget.maxUnavailable': {
    anyOf: [
      { type: 'integer', minimum: 0 },
      { type: 'string', pattern: '^[0-9]{1,3}%$' },
    ],
  },
  'topologySpread.whenUnsatisfiable': { enum: ['ScheduleAnyway', 'DoNotSchedule'] },
  'networkPolicy.chargePoints': listOf(anything),
  'networkPolicy.admin': listOf(anything),
  'networkPolicy.extraIngress': listOf(anything),
  'networkPolicy.egress': listOf(anything),
  'serviceMonitor.interval': { type: 'string', pattern: '^[0-9]+(s|m)$' },
  'serviceMonitor.labels': texts,
  'prometheusRule.labels': texts,
  'prometheusRule.disabled': listOf(name),
  'dashboards.labels': texts,
  'dashboards.annotations': texts,
  'serviceAccount.annotations': texts,
  podLabels: texts,
  podAnnotations: texts,
  nodeSelector: texts,
  tolerations: listOf(anything),
  affinity: anything,
}
