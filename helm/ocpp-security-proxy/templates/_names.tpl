{{/* Names, labels and the like. */}}

{{- define "ocpp-security-proxy.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 53 | trimSuffix "-" -}}
{{- end -}}

{{/* At most 53 characters, so that every suffix of ours still fits into 63. */}}
{{- define "ocpp-security-proxy.fullname" -}}
{{- $name := include "ocpp-security-proxy.name" . -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 53 | trimSuffix "-" -}}
{{- else if contains $name .Release.Name -}}
{{- .Release.Name | trunc 53 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 53 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "ocpp-security-proxy.labels" -}}
app.kubernetes.io/name: {{ include "ocpp-security-proxy.name" . }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

{{/* Of the pod that `helm test` runs. */}}
{{- define "ocpp-security-proxy.testLabels" -}}
app.kubernetes.io/name: {{ include "ocpp-security-proxy.name" . }}-test
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end -}}

{{/* What selects the pods in which the proxy runs: ours, or those of the chart that has the sidecar. */}}
{{- define "ocpp-security-proxy.podSelector" -}}
{{- if eq .Values.mode "sidecar" -}}
{{ toYaml .Values.sidecar.podLabels }}
{{- else -}}
app.kubernetes.io/name: {{ include "ocpp-security-proxy.name" . }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end -}}
{{- end -}}

{{- define "ocpp-security-proxy.image" -}}
{{- with .Values.image -}}
{{- if .digest -}}
{{- printf "%s@%s" .repository .digest -}}
{{- else -}}
{{- printf "%s:%s" .repository (default $.Chart.AppVersion .tag) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "ocpp-security-proxy.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "ocpp-security-proxy.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{/* A duration of the configuration (90s, 2m) as whole seconds, rounded up. */}}
{{- define "ocpp-security-proxy.seconds" -}}
{{- $number := regexFind "^[0-9]+" . | int64 -}}
{{- $unit := regexFind "[a-z]+$" . -}}
{{- if eq $unit "ms" -}}
{{- div (add $number 999) 1000 -}}
{{- else -}}
{{- mul $number (get (dict "s" 1 "m" 60 "h" 3600 "d" 86400) $unit) -}}
{{- end -}}
{{- end -}}

{{/* Seconds in which the sessions are ended: drain.timeout. */}}
{{- define "ocpp-security-proxy.drainSeconds" -}}
{{- $drain := .Values.config.drain | default dict -}}
{{- include "ocpp-security-proxy.seconds" ($drain.timeout | default "60s") -}}
{{- end -}}

{{/* The drain, what comes before it, and 15 s for what comes after it (sinks, the store). */}}
{{- define "ocpp-security-proxy.terminationGracePeriodSeconds" -}}
{{- $own := add (include "ocpp-security-proxy.drainSeconds" . | int64) (int64 .Values.preStopSeconds) 15 -}}
{{- if eq .Values.mode "sidecar" -}}
{{- add $own (int64 .Values.sidecar.centralSystemStopSeconds) -}}
{{- else -}}
{{- $own -}}
{{- end -}}
{{- end -}}

{{/* The port in an address such as 0.0.0.0:8443. */}}
{{- define "ocpp-security-proxy.port" -}}
{{- regexFind "[0-9]+$" . -}}
{{- end -}}

{{/*
Name of a listener's port in the Service: that of the listener where Kubernetes takes it (a DNS label with a letter),
and otherwise one that its port makes.
*/}}
{{- define "ocpp-security-proxy.portName" -}}
{{- if and (regexMatch "^[a-z0-9]([a-z0-9-]*[a-z0-9])?$" .name) (regexMatch "[a-z]" .name) -}}
{{- .name -}}
{{- else -}}
ocpp-{{ include "ocpp-security-proxy.port" .address }}
{{- end -}}
{{- end -}}

{{/* Do the Services have IPv6 addresses? */}}
{{- define "ocpp-security-proxy.hasIpv6" -}}
{{- if or (has "IPv6" .Values.service.ipFamilies) (has .Values.service.ipFamilyPolicy (list "PreferDualStack" "RequireDualStack")) }}yes{{ end -}}
{{- end -}}

{{/* IP families of a Service; that of the cluster where nothing is said. */}}
{{- define "ocpp-security-proxy.ipFamilies" -}}
{{- with .Values.service.ipFamilyPolicy }}
ipFamilyPolicy: {{ . }}
{{- end }}
{{- with .Values.service.ipFamilies }}
ipFamilies:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/* All addresses of the pod: [::] takes IPv4 as well. */}}
{{- define "ocpp-security-proxy.adminHost" -}}
{{- .Values.admin.host | default (ternary "[::]" "0.0.0.0" (eq (include "ocpp-security-proxy.hasIpv6" .) "yes")) -}}
{{- end -}}

{{/* Kinds of server certificates that the chart mounts, with their Secrets: "ecdsa: name", "rsa: name". */}}
{{- define "ocpp-security-proxy.certificateSecrets" -}}
{{- with .Values.certificates -}}
{{- if .certManager.enabled -}}
ecdsa: {{ include "ocpp-security-proxy.fullname" $ }}-tls-ecdsa
rsa: {{ include "ocpp-security-proxy.fullname" $ }}-tls-rsa
{{- else -}}
{{- with .ecdsaSecret }}
ecdsa: {{ . | quote }}
{{- end }}
{{- with .rsaSecret }}
rsa: {{ . | quote }}
{{- end }}
{{- end -}}
{{- end -}}
{{- end -}}
