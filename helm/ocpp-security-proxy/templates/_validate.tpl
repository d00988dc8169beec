{{/* What the schema of the values cannot say: each with what to do about it. */}}
{{- define "ocpp-security-proxy.validate" -}}
{{- $values := .Values -}}
{{- $central := $values.config.centralSystem | default dict -}}
{{- if not $central.url -}}
{{- fail "config.centralSystem.url is missing: the ws:// or wss:// URL of the central system, such as ws://central-system:9000/ocpp" -}}
{{- end -}}
{{- with $central.url -}}
{{- if not (or (regexMatch "^wss?://" .) (contains "${" .)) -}}
{{- fail (printf "config.centralSystem.url is %s, and must be a ws:// or wss:// URL, such as ws://central-system:9000/ocpp" .) -}}
{{- end -}}
{{- end -}}
{{- $fullname := include "ocpp-security-proxy.fullname" . -}}
{{- if not (regexMatch "^[a-z]([a-z0-9-]*[a-z0-9])?$" $fullname) -}}
{{- fail (printf "%s is no name for a Service, which begins with a letter and has lower-case letters, digits and hyphens: set fullnameOverride" $fullname) -}}
{{- end -}}
{{- if kindIs "map" $central.authorization -}}
{{- $password := $central.authorization.password -}}
{{- if and $password (not (contains "${" $password)) -}}
{{- fail "config.centralSystem.authorization.password would stand in a ConfigMap for everybody to read: use passwordFile with secretFiles, or ${NAME} with env" -}}
{{- end -}}
{{- end -}}
{{- if and (eq $values.mode "sidecar") (not $values.sidecar.podLabels) -}}
{{- fail "sidecar.podLabels is missing: the labels that select the pods with the sidecar" -}}
{{- end -}}
{{- if and (eq $values.mode "sidecar") $values.autoscaling.enabled -}}
{{- fail "autoscaling.enabled is for mode: gateway; in sidecar mode the pods are those of another Deployment" -}}
{{- end -}}
{{- if and $values.autoscaling.enabled (gt (int $values.autoscaling.minReplicas) (int $values.autoscaling.maxReplicas)) -}}
{{- fail "autoscaling.minReplicas is greater than autoscaling.maxReplicas" -}}
{{- end -}}
{{- if and (or (gt (int $values.replicaCount) 1) $values.autoscaling.enabled) (not $values.redis.enabled) -}}
{{- fail "several replicas share their state through Valkey or Redis: set redis.enabled and redis.urls, or replicaCount: 1 without autoscaling" -}}
{{- end -}}
{{- $store := $values.config.store | default dict -}}
{{- $redis := $store.redis | default dict -}}
{{- $urls := $values.redis.urls | default $redis.urls | default list -}}
{{- range concat $urls ($redis.urls | default list) -}}
{{- if contains "@" . -}}
{{- fail "redis.urls must hold no user and no password: they belong into config.store.redis.username and redis.passwordSecret" -}}
{{- end -}}
{{- end -}}
{{- if and (gt (len $urls) 1) (eq ($redis.mode | default "single") "single") -}}
{{- fail "redis.urls: one server has one URL; for several set config.store.redis.mode to sentinel or cluster" -}}
{{- end -}}
{{- if and $values.redis.enabled (not $urls) -}}
{{- fail "redis.urls is missing: the redis:// or rediss:// URLs of Valkey or Redis" -}}
{{- end -}}
{{- if and $values.redis.enabled (not $values.sealingKeySecret.name) (not $store.sealingKeyFile) -}}
{{- fail "sealingKeySecret.name is missing: with Redis, ticket keys and commands pass through the store sealed. kubectl create secret generic NAME --from-literal=key=$(openssl rand -hex 32)" -}}
{{- end -}}
{{- if and (eq (toString $central.authorization) "perChargePoint") (not $values.sealingKeySecret.name) (not $store.sealingKeyFile) -}}
{{- fail "sealingKeySecret.name is missing: config.centralSystem.authorization is perChargePoint, and the passwords are kept sealed" -}}
{{- end -}}
{{- if and $redis (not $values.redis.enabled) -}}
{{- fail "config.store.redis is set: set redis.enabled, too" -}}
{{- end -}}
{{- if and $values.certificates.certManager.enabled (not $values.certificates.certManager.issuerRef.name) -}}
{{- fail "certificates.certManager.issuerRef.name is missing: the issuer that the charge points trust" -}}
{{- end -}}
{{- if and $values.certificates.certManager.enabled (not $values.certificates.dnsNames) -}}
{{- fail "certificates.dnsNames is missing: the host names in the URLs of the charge points" -}}
{{- end -}}
{{- with first ($values.certificates.dnsNames | default list) -}}
{{- if and $values.certificates.certManager.enabled (gt (len .) 64) -}}
{{- fail (printf "certificates.dnsNames: %s is longer than the 64 characters of a commonName: let a shorter one be the first" .) -}}
{{- end -}}
{{- end -}}
{{- if and $values.serviceMonitor.enabled $values.networkPolicy.enabled (not $values.networkPolicy.admin) -}}
{{- fail "serviceMonitor.enabled: the NetworkPolicy keeps Prometheus out of the admin port; name its pods in networkPolicy.admin" -}}
{{- end -}}
{{- $names := dict -}}
{{- $portNames := dict -}}
{{- $servicePorts := dict -}}
{{- $ports := dict (toString (int $values.admin.port)) "admin.port" -}}
{{- range $values.config.listeners -}}
{{- $port := include "ocpp-security-proxy.port" .address -}}
{{- if not (regexMatch "^[1-9]" $port) -}}
{{- fail (printf "config.listeners: %s needs a port of its own; 0 takes any, which no Service finds" .name) -}}
{{- end -}}
{{- if gt (int $port) 65535 -}}
{{- fail (printf "config.listeners: %s has the port %s, and the last one is 65535" .name $port) -}}
{{- end -}}
{{- if regexMatch "^(127\\.|localhost:|\\[::1\\])" .address -}}
{{- fail (printf "config.listeners: %s listens on %s, where nobody outside the pod reaches it: set its address to 0.0.0.0:%s or [::]:%s" .name .address $port $port) -}}
{{- end -}}
{{- if hasKey $ports $port -}}
{{- fail (printf "config.listeners: %s has the port %s, which is that of %s" .name $port (get $ports $port)) -}}
{{- end -}}
{{- $portName := include "ocpp-security-proxy.portName" . -}}
{{- if hasKey $portNames $portName -}}
{{- fail (printf "config.listeners: the port of %s in the Service would be called %s, as that of %s is; Kubernetes wants names that begin and end with a letter or digit: name one of them differently" .name $portName (get $portNames $portName)) -}}
{{- end -}}
{{- if and (eq (include "ocpp-security-proxy.hasIpv6" $) "yes") (hasPrefix "0.0.0.0:" .address) -}}
{{- fail (printf "config.listeners: %s listens on %s, where IPv6 does not reach it: set its address to [::]:%s, which takes IPv4 as well" .name .address $port) -}}
{{- end -}}
{{- $servicePort := get $values.service.ports .name | default $port | int | toString -}}
{{- if hasKey $servicePorts $servicePort -}}
{{- fail (printf "service.ports: %s has the port %s, which is that of %s" .name $servicePort (get $servicePorts $servicePort)) -}}
{{- end -}}
{{- $_ := set $servicePorts $servicePort .name -}}
{{- $_ := set $portNames $portName .name -}}
{{- $_ := set $ports $port .name -}}
{{- $_ := set $names .name true -}}
{{- end -}}
{{- range $name, $_ := $values.service.ports -}}
{{- if not (hasKey $names $name) -}}
{{- fail (printf "service.ports.%s: there is no such listener; there are %s" $name (keys $names | sortAlpha | join ", ")) -}}
{{- end -}}
{{- end -}}
{{- range $name, $_ := $values.service.nodePorts -}}
{{- if not (hasKey $names $name) -}}
{{- fail (printf "service.nodePorts.%s: there is no such listener; there are %s" $name (keys $names | sortAlpha | join ", ")) -}}
{{- end -}}
{{- if eq $values.service.type "ClusterIP" -}}
{{- fail "service.nodePorts is for service.type NodePort or LoadBalancer" -}}
{{- end -}}
{{- end -}}
{{- range $name, $_ := $values.podLabels -}}
{{- if has $name (list "app.kubernetes.io/name" "app.kubernetes.io/instance") -}}
{{- fail (printf "podLabels: %s is the chart's own, by which its objects find the pods" $name) -}}
{{- end -}}
{{- end -}}
{{- if and $values.rollOnRestartKeys (hasKey ($values.podAnnotations | default dict) "ocpp-security-proxy/restart-keys") -}}
{{- fail "podAnnotations: ocpp-security-proxy/restart-keys is the chart's own: set rollOnRestartKeys: false" -}}
{{- end -}}
{{- range $values.extraVolumes -}}
{{- if hasPrefix "proxy-" .name -}}
{{- fail (printf "extraVolumes: %s: names that begin with proxy- are those of the chart" .name) -}}
{{- end -}}
{{- end -}}
{{- range $name, $value := dict "admin-token" "admin.tokenSecret" "sealing-key" "sealingKeySecret" "redis-password" "redis.passwordSecret" -}}
{{- if hasKey $values.secretFiles $name -}}
{{- fail (printf "secretFiles.%s: this name is that of %s" $name $value) -}}
{{- end -}}
{{- end -}}
{{- end -}}
