{{/* What a JSON Schema says badly: what a kind of workload needs and cannot have, and whom a flow may name. Included by
     whatever relies on it, since Helm does not say which file it renders first. */}}
{{- define "platform.checked" -}}
{{- range $name, $workload := .Values.workloads }}
{{- $needs := dict "CronJob" (list "schedule") "StatefulSet" (list "storage") "Deployment" list }}
{{- $never := dict "CronJob" (list "replicas" "autoscaling" "service" "health" "ingress" "callers" "storage") "StatefulSet" (list "schedule") "Deployment" (list "schedule" "storage") }}
{{- range get $needs $workload.kind }}
{{- if not (hasKey $workload .) }}{{ fail (printf "workloads.%s is a %s and needs `%s`" $name $workload.kind .) }}{{ end }}
{{- end }}
{{- range get $never $workload.kind }}
{{- if hasKey $workload . }}{{ fail (printf "workloads.%s is a %s and cannot have `%s`" $name $workload.kind .) }}{{ end }}
{{- end }}
{{- if not (or $workload.service (dig "health" "command" "" $workload) (eq $workload.kind "CronJob")) }}
{{- fail (printf "workloads.%s has no `service` to ask for its health: it needs `health.command`" $name) }}
{{- end }}
{{- if and $workload.ingress (ne (dig "service" "scheme" "HTTPS" $workload) "HTTPS") }}
{{- fail (printf "workloads.%s has an `ingress`, so its `service.scheme` must be HTTPS" $name) }}
{{- end }}
{{- if and (or $workload.ingress $workload.callers) (not $workload.service) }}
{{- fail (printf "workloads.%s may be called, but has no `service`" $name) }}
{{- end }}
{{- if and (include "platform.secrets" (dict "root" $ "workload" $workload)) (not $workload.identity) }}
{{- fail (printf "workloads.%s mounts secrets (New Relic's licence is one, unless `telemetry` is false) and needs an `identity` that fetches them" $name) }}
{{- end }}
{{- range dig "callers" "workloads" list $workload }}
{{- if not (hasKey $.Values.workloads .) }}{{ fail (printf "workloads.%s.callers names %s, which is no workload of the stack" $name .) }}{{ end }}
{{- end }}
{{- range dig "calls" "workloads" list $workload }}
{{- if not (hasKey $.Values.workloads .) }}{{ fail (printf "workloads.%s.calls names %s, which is no workload of the stack" $name .) }}{{ end }}
{{- if not (get $.Values.workloads .).service }}{{ fail (printf "workloads.%s.calls names %s, which has no `service`" $name .) }}{{ end }}
{{- end }}
{{- end }}
{{- end -}}
