{{/* "yes" where a workload reports to New Relic. Takes root and workload. */}}
{{- define "platform.measured" -}}
{{- if and .root.Values.telemetry (dig "telemetry" true .workload) }}yes{{ end }}
{{- end -}}

{{/* The data of a workload's ConfigMap: its own, and what the platform tells it. A platform's variable cannot be
     overruled: telemetry says whose it is. */}}
{{- define "platform.environment" -}}
{{- $context := .root.Values.context -}}
{{- $told := dict -}}
{{- if include "platform.measured" . -}}
{{- $service := printf "%s-%s-%s-%s" $context.application $context.environment $context.tenant .name -}}
{{- $attributes := printf "service.name=%s,service.namespace=%s,deployment.environment.name=%s,application=%s,environment=%s,tenant=%s" $service $context.application $context.environment $context.application $context.environment $context.tenant -}}
{{- $_ := set $told "OTEL_SERVICE_NAME" $service -}}
{{- $_ := set $told "OTEL_RESOURCE_ATTRIBUTES" $attributes -}}
{{- $_ := set $told "OTEL_EXPORTER_OTLP_ENDPOINT" (eq .root.Values.telemetry.region "eu" | ternary "https://otlp.eu01.nr-data.net" "https://otlp.nr-data.net") -}}
{{- $_ := set $told "OTEL_EXPORTER_OTLP_PROTOCOL" "http/protobuf" -}}
{{- $_ := set $told "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE" "delta" -}}
{{- end -}}
{{- if .workload.cache -}}
{{- $_ := set $told "CACHE_URL" (printf "rediss://%s-cache:6379" .name) -}}
{{- $_ := set $told "CACHE_CA_FILE" "/var/run/secrets/cache/ca.crt" -}}
{{- $_ := set $told "CACHE_PASSWORD_FILE" "/var/run/secrets/platform/cache-password" -}}
{{- end -}}
{{- merge $told (.workload.environment | default dict) | toJson -}}
{{- end -}}

{{/* Everything a workload mounts from Secrets Manager, as JSON; empty when there is nothing. */}}
{{- define "platform.secrets" -}}
{{- $all := .workload.secrets | default list -}}
{{- if include "platform.measured" . -}}
{{- $all = append $all (merge (dict "file" "new-relic-license" "environment" "NEW_RELIC_LICENSE_KEY") .root.Values.telemetry.license) -}}
{{- end -}}
{{- with .workload.cache -}}
{{- $all = append $all (merge (dict "file" "cache-password") .password) -}}
{{- end -}}
{{- if $all }}{{ toJson $all }}{{ end }}
{{- end -}}

{{/* Parameters of the AWS provider of the Secrets Store CSI driver. Takes root, name, identity, secrets. The provider
     refuses two objects of one ARN, so the parts of a secret are gathered in one. */}}
{{- define "platform.secretParameters" -}}
{{- $arns := list -}}
{{- $files := list -}}
{{- range .secrets -}}
{{- $arns = append $arns .arn -}}
{{- if has .file $files }}{{ fail (printf "workloads.%s mounts two secrets as the file %s" $.name .file) }}{{ end -}}
{{- $files = append $files .file -}}
{{- end -}}
{{- $objects := list -}}
{{- range $arn := uniq $arns -}}
{{- $whole := "" -}}
{{- $parts := list -}}
{{- range $.secrets -}}
{{- if ne .arn $arn -}}
{{- else if .key -}}
{{- $parts = append $parts (dict "path" .key "objectAlias" .file) -}}
{{- else if $whole -}}
{{- fail (printf "workloads.%s mounts one secret as the files %s and %s" $.name $whole .file) -}}
{{- else -}}
{{- $whole = .file -}}
{{- end -}}
{{- end -}}
{{- $object := dict "objectName" $arn "objectType" "secretsmanager" -}}
{{- if $parts -}}
{{- $_ := set $object "jmesPath" $parts -}}
{{- $whole = $whole | default (printf "%s.json" (first $parts).objectAlias) -}}
{{- end -}}
{{- $objects = append $objects (set $object "objectAlias" $whole) -}}
{{- end -}}
region: {{ .root.Values.context.region | quote }}
{{- if (.identity | default dict).podIdentity }}
usePodIdentity: "true"
{{- end }}
objects: {{ toJson $objects | quote }}
{{- end -}}

{{/* The Secret that holds a certificate: one that is there, or one that cert-manager makes. Takes tls and name. */}}
{{- define "platform.tlsSecret" -}}
{{- .tls.secretName | default (printf "%s-tls" .name) -}}
{{- end -}}

{{/* The certificate that cert-manager makes and renews. Takes root, name, tls, hosts. */}}
{{- define "platform.certificate" -}}
---
apiVersion: cert-manager.io/v1
kind: Certificate
metadata:
  {{- include "platform.metadata" (merge (dict "object" (include "platform.tlsSecret" .)) .) | nindent 2 }}
spec:
  secretName: {{ include "platform.tlsSecret" . | quote }}
  secretTemplate:
    labels:
      {{- include "platform.labels" . | nindent 6 }}
  dnsNames: {{ toJson .hosts }}
  duration: 2160h0m0s
  renewBefore: 720h0m0s
  privateKey: {algorithm: ECDSA, size: 256, rotationPolicy: Always}
  usages: [digital signature, server auth]
  issuerRef: {group: cert-manager.io, kind: {{ .tls.issuer.kind | default "ClusterIssuer" }}, name: {{ .tls.issuer.name | quote }}}
{{ end -}}

{{/* The account of a workload. Takes root, name, identity. */}}
{{- define "platform.account" -}}
---
apiVersion: v1
kind: ServiceAccount
metadata:
  {{- include "platform.metadata" . | nindent 2 }}
  {{- with (.identity | default dict).roleArn }}
  annotations:
    eks.amazonaws.com/role-arn: {{ . | quote }}
  {{- end }}
automountServiceAccountToken: false
{{ end -}}
