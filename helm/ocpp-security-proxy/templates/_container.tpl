{{/* The container and its volumes: of the Deployment, and of whoever takes it as a sidecar. */}}

{{/* Ends the sessions at once when the pod ends: kubelet signals a sidecar only after the central system is gone. */}}
{{- define "ocpp-security-proxy.sidecar.container" -}}
{{- include "ocpp-security-proxy.validate" . -}}
- {{ include "ocpp-security-proxy.container" . | nindent 2 | trim }}
  # A native sidecar: it is ready before the central system starts, and ends after it.
  restartPolicy: Always
  lifecycle:
    preStop:
      exec:
        command: [/usr/local/bin/node, -e, "process.kill(1, 'SIGTERM')"]
{{- end -}}

{{- define "ocpp-security-proxy.sidecar.volumes" -}}
{{- include "ocpp-security-proxy.volumes" . -}}
{{- end -}}

{{/* preStop of the central system's container: it serves until the charge points have been sent away. */}}
{{- define "ocpp-security-proxy.sidecar.centralSystemLifecycle" -}}
{{- /* Kubernetes takes no sleep of 0 s. */ -}}
preStop:
  sleep:
    seconds: {{ add (include "ocpp-security-proxy.drainSeconds" . | int64) (int64 .Values.preStopSeconds) | max 1 }}
{{- end -}}

{{/* Of a pod with the sidecar: what else it is, is the matter of the central system. */}}
{{- define "ocpp-security-proxy.sidecar.podSecurityContext" -}}
fsGroup: 65532
fsGroupChangePolicy: OnRootMismatch
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{/* Of the pod: the group makes keys and tokens readable for the proxy, and for nobody else. */}}
{{- define "ocpp-security-proxy.podSecurityContext" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
fsGroupChangePolicy: OnRootMismatch
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{- define "ocpp-security-proxy.container" -}}
name: ocpp-security-proxy
image: {{ include "ocpp-security-proxy.image" . }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
# Where other commands, by kubectl exec, find the configuration.
workingDir: /etc/ocpp-security-proxy/config
args: [serve, --config, /etc/ocpp-security-proxy/config/ocpp-security-proxy.yaml]
env:
  - name: ADMIN_URL
    value: http://127.0.0.1:{{ int .Values.admin.port }}
  {{- with .Values.env }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
ports:
  {{- range .Values.config.listeners }}
  - name: ocpp-{{ include "ocpp-security-proxy.port" .address }}
    containerPort: {{ include "ocpp-security-proxy.port" .address }}
    protocol: TCP
  {{- end }}
  - name: admin
    containerPort: {{ int .Values.admin.port }}
    protocol: TCP
startupProbe:
  httpGet: { path: /livez, port: admin }
  periodSeconds: 2
  failureThreshold: 30
livenessProbe:
  httpGet: { path: /livez, port: admin }
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 6
readinessProbe:
  httpGet: { path: /readyz, port: admin }
  periodSeconds: 5
  timeoutSeconds: 3
  failureThreshold: 2
resources:
  {{- toYaml .Values.resources | nindent 2 }}
securityContext:
  runAsNonRoot: true
  runAsUser: 65532
  runAsGroup: 65532
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities:
    drop: [ALL]
  seccompProfile:
    type: RuntimeDefault
volumeMounts:
  - { name: proxy-config, mountPath: /etc/ocpp-security-proxy/config, readOnly: true }
  - { name: proxy-data, mountPath: /var/lib/ocpp-security-proxy }
  - { name: proxy-tmp, mountPath: /tmp }
  {{- range $kind, $_ := include "ocpp-security-proxy.certificateSecrets" . | fromYaml }}
  - { name: proxy-tls-{{ $kind }}, mountPath: /etc/ocpp-security-proxy/tls/{{ $kind }}, readOnly: true }
  {{- end }}
  {{- if include "ocpp-security-proxy.hasTrust" . }}
  - { name: proxy-trust, mountPath: /etc/ocpp-security-proxy/trust, readOnly: true }
  {{- end }}
  {{- range $name, $_ := include "ocpp-security-proxy.secretFiles" . | fromYaml }}
  - { name: proxy-secret-{{ $name }}, mountPath: /etc/ocpp-security-proxy/secrets/{{ $name }}, readOnly: true }
  {{- end }}
  {{- with .Values.extraVolumeMounts }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end -}}

{{- define "ocpp-security-proxy.hasTrust" -}}
{{- if or .Values.trust.roots .Values.trust.secrets .Values.trust.factoryRoots }}yes{{ end -}}
{{- end -}}

{{/* Secrets that are mounted at /etc/ocpp-security-proxy/secrets/, by folder: those with a value of their own, and the rest. */}}
{{- define "ocpp-security-proxy.secretFiles" -}}
{{- $files := deepCopy .Values.secretFiles -}}
{{- $own := dict "admin-token" .Values.admin.tokenSecret "sealing-key" .Values.sealingKeySecret -}}
{{- if .Values.redis.enabled -}}
{{- $_ := set $own "redis-password" .Values.redis.passwordSecret -}}
{{- end -}}
{{- range $name, $secret := $own -}}
{{- if $secret.name -}}
{{- $_ := set $files $name (dict "secretName" $secret.name "items" (list (dict "key" $secret.key "path" $secret.key))) -}}
{{- end -}}
{{- end -}}
{{- toYaml $files -}}
{{- end -}}

{{/* Replicas do not share a volume: what they share is in Redis. */}}
{{- define "ocpp-security-proxy.hasClaim" -}}
{{- if and .Values.persistence.enabled (not .Values.redis.enabled) }}yes{{ end -}}
{{- end -}}

{{/* Whole folders, never subPath: a file that is mounted by subPath keeps the content that it began with. */}}
{{- define "ocpp-security-proxy.volumes" -}}
- name: proxy-config
  configMap:
    name: {{ include "ocpp-security-proxy.fullname" . }}
- name: proxy-data
  {{- if include "ocpp-security-proxy.hasClaim" . }}
  persistentVolumeClaim:
    claimName: {{ default (printf "%s-data" (include "ocpp-security-proxy.fullname" .)) .Values.persistence.existingClaim }}
  {{- else }}
  emptyDir: {}
  {{- end }}
- name: proxy-tmp
  emptyDir:
    sizeLimit: 64Mi
{{- range $kind, $secret := include "ocpp-security-proxy.certificateSecrets" . | fromYaml }}
- name: proxy-tls-{{ $kind }}
  secret:
    secretName: {{ $secret | quote }}
    defaultMode: 0440
{{- end }}
{{- if include "ocpp-security-proxy.hasTrust" . }}
- name: proxy-trust
  projected:
    sources:
      {{- if or .Values.trust.roots .Values.trust.factoryRoots }}
      - configMap:
          name: {{ include "ocpp-security-proxy.fullname" . }}-trust
          items:
            {{- range $name, $_ := .Values.trust.roots }}
            - { key: roots.{{ $name }}, path: roots/{{ $name }} }
            {{- end }}
            {{- range $name, $_ := .Values.trust.factoryRoots }}
            - { key: factory.{{ $name }}, path: factory/{{ $name }} }
            {{- end }}
      {{- end }}
      {{- range .Values.trust.secrets }}
      - secret:
          name: {{ .secretName }}
          items:
            - { key: {{ .key }}, path: secrets/{{ .secretName }}/{{ .key }} }
      {{- end }}
{{- end }}
{{- range $name, $source := include "ocpp-security-proxy.secretFiles" . | fromYaml }}
- name: proxy-secret-{{ $name }}
  secret:
    defaultMode: 0440
    {{- toYaml $source | nindent 4 }}
{{- end }}
{{- with .Values.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end -}}
