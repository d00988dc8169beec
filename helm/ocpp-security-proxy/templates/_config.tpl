{{/* The configuration of the proxy: config of the values, and what the chart knows better. */}}

{{- define "ocpp-security-proxy.config" -}}
{{- $config := deepCopy .Values.config -}}
{{- $listeners := list -}}
{{- range $config.listeners -}}
{{- $listeners = append $listeners (include "ocpp-security-proxy.listener" (dict "listener" . "root" $) | fromYaml) -}}
{{- end -}}
{{- $_ := set $config "listeners" $listeners -}}
{{- $admin := dict "address" (printf "%s:%d" (include "ocpp-security-proxy.adminHost" .) (int .Values.admin.port)) -}}
{{- if .Values.admin.tokenSecret.name -}}
{{- $_ := set $admin "tokenFile" (printf "/etc/ocpp-security-proxy/secrets/admin-token/%s" .Values.admin.tokenSecret.key) -}}
{{- end -}}
{{- $_ := set $config "admin" (merge $admin ($config.admin | default dict)) -}}
{{- $store := $config.store | default dict -}}
{{- if .Values.sealingKeySecret.name -}}
{{- $_ := set $store "sealingKeyFile" (printf "/etc/ocpp-security-proxy/secrets/sealing-key/%s" .Values.sealingKeySecret.key) -}}
{{- end -}}
{{- if .Values.redis.enabled -}}
{{- $redis := $store.redis | default dict -}}
{{- with .Values.redis.urls -}}
{{- $_ := set $redis "urls" . -}}
{{- end -}}
{{- if .Values.redis.passwordSecret.name -}}
{{- $_ := set $redis "passwordFile" (printf "/etc/ocpp-security-proxy/secrets/redis-password/%s" .Values.redis.passwordSecret.key) -}}
{{- end -}}
{{- $_ := set $store "redis" $redis -}}
{{- else -}}
{{- $_ := set $store "sqlite" "/var/lib/ocpp-security-proxy/proxy.db" -}}
{{- end -}}
{{- $_ := set $config "store" $store -}}
{{- toYaml $config -}}
{{- end -}}

{{/* One listener: certificates, names, trust and PROXY protocol where it says nothing itself. */}}
{{- define "ocpp-security-proxy.listener" -}}
{{- $values := .root.Values -}}
{{- $listener := deepCopy .listener -}}
{{- if and $values.proxyProtocol.from (not (hasKey $listener "proxyProtocol")) -}}
{{- $_ := set $listener "proxyProtocol" (dict "from" $values.proxyProtocol.from) -}}
{{- end -}}
{{- if ge (int $listener.securityProfile) 2 -}}
{{- $tls := $listener.tls | default dict -}}
{{- if not $tls.certificates -}}
{{- $certificates := list -}}
{{- range $kind, $secret := include "ocpp-security-proxy.certificateSecrets" .root | fromYaml -}}
{{- $folder := printf "/etc/ocpp-security-proxy/tls/%s" $kind -}}
{{- $certificates = append $certificates (dict "certificate" (printf "%s/tls.crt" $folder) "key" (printf "%s/tls.key" $folder)) -}}
{{- end -}}
{{- if not $certificates -}}
{{- fail (printf "config.listeners: %s is a TLS listener without a certificate: enable certificates.certManager, or name certificates.ecdsaSecret and certificates.rsaSecret" $listener.name) -}}
{{- end -}}
{{- $_ := set $tls "certificates" $certificates -}}
{{- end -}}
{{- if and $values.certificates.dnsNames (not $tls.names) -}}
{{- $_ := set $tls "names" $values.certificates.dnsNames -}}
{{- end -}}
{{- if eq (int $listener.securityProfile) 3 -}}
{{- $client := $tls.clientCertificates | default dict -}}
{{- $files := include "ocpp-security-proxy.trustFiles" .root | fromYaml -}}
{{- if not $client.trust -}}
{{- if not $files.trust -}}
{{- fail (printf "config.listeners: %s has security profile 3, and nothing says which charge point certificates it trusts: set trust.roots or trust.secrets" $listener.name) -}}
{{- end -}}
{{- $_ := set $client "trust" $files.trust -}}
{{- end -}}
{{- if and $files.factory (not $client.factory) -}}
{{- $_ := set $client "factory" $files.factory -}}
{{- end -}}
{{- $_ := set $tls "clientCertificates" $client -}}
{{- end -}}
{{- $_ := set $listener "tls" $tls -}}
{{- end -}}
{{- toYaml $listener -}}
{{- end -}}

{{/* Where the roots of `trust` are mounted: { trust: […], factory: […] }. */}}
{{- define "ocpp-security-proxy.trustFiles" -}}
{{- $trust := list -}}
{{- $factory := list -}}
{{- range $name, $_ := .Values.trust.roots -}}
{{- $trust = append $trust (printf "/etc/ocpp-security-proxy/trust/roots/%s" $name) -}}
{{- end -}}
{{- range .Values.trust.secrets -}}
{{- $trust = append $trust (printf "/etc/ocpp-security-proxy/trust/secrets/%s/%s" .secretName .key) -}}
{{- end -}}
{{- range $name, $_ := .Values.trust.factoryRoots -}}
{{- $factory = append $factory (printf "/etc/ocpp-security-proxy/trust/factory/%s" $name) -}}
{{- end -}}
{{- dict "trust" $trust "factory" $factory | toYaml -}}
{{- end -}}

{{/* Hash of what waits for a restart (files/restart-keys.json is made from the schema of the configuration). */}}
{{- define "ocpp-security-proxy.restartHash" -}}
{{- $config := include "ocpp-security-proxy.config" . | fromYaml -}}
{{- $picked := list -}}
{{- range .Files.Get "files/restart-keys.json" | fromJsonArray -}}
{{- $picked = append $picked (include "ocpp-security-proxy.pick" (dict "value" $config "path" .)) -}}
{{- end -}}
{{- $picked | join "\n" | sha256sum -}}
{{- end -}}

{{/* The value at a path such as [listeners, "[]", name], as JSON; nothing where there is none. */}}
{{- define "ocpp-security-proxy.pick" -}}
{{- $path := .path -}}
{{- if not $path -}}
{{- toJson .value -}}
{{- else if eq (first $path) "[]" -}}
{{- if kindIs "slice" .value -}}
{{- range .value -}}
{{- include "ocpp-security-proxy.pick" (dict "value" . "path" (rest $path)) -}},
{{- end -}}
{{- end -}}
{{- else if kindIs "map" .value -}}
{{- if hasKey .value (first $path) -}}
{{- include "ocpp-security-proxy.pick" (dict "value" (get .value (first $path)) "path" (rest $path)) -}}
{{- end -}}
{{- end -}}
{{- end -}}
