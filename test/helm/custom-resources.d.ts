import type { ObjectMeta } from 'kubernetes-types/meta/v1.d.ts'

/**
 * The custom resources that the chart makes, as far as it makes them: written after the API references
 * of cert-manager (v1) and of the Prometheus operator (v1). kubernetes-types has Kubernetes' own.
 */

export interface Certificate {
  apiVersion: 'cert-manager.io/v1'
  kind: 'Certificate'
  metadata: ObjectMeta
  spec: {
    secretName: string
    commonName?: string
    dnsNames?: string[]
    subject?: { organizations?: string[] }
    duration?: string
    renewBefore?: string
    privateKey?: {
      algorithm?: 'RSA' | 'ECDSA' | 'Ed25519'
      encoding?: 'PKCS1' | 'PKCS8'
      size?: number
      rotationPolicy?: 'Never' | 'Always'
    }
    usages?: ('digital signature' | 'key encipherment' | 'server auth' | 'client auth')[]
    issuerRef: { name: string; kind?: string; group?: string }
  }
}

export interface ServiceMonitor {
  apiVersion: 'monitoring.coreos.com/v1'
  kind: 'ServiceMonitor'
  metadata: ObjectMeta
  spec: {
    selector: { matchLabels?: Record<string, string> }
    endpoints: { port?: string; path?: string; interval?: string }[]
  }
}

interface RecordingRule {
  record: string
  expr: string
  labels?: Record<string, string>
}

interface AlertingRule {
  alert: string
  expr: string
  for?: string
  labels?: Record<string, string>
  annotations?: Record<string, string>
}

export interface PrometheusRule {
  apiVersion: 'monitoring.coreos.com/v1'
  kind: 'PrometheusRule'
  metadata: ObjectMeta
  spec: { groups: { name: string; interval?: string; rules: (RecordingRule | AlertingRule)[] }[] }
}
