{{/* The labels of everything. Takes root, name. All of a namespace is in the scope of its highest class of data. */}}
{{- define "platform.labels" -}}
{{- $context := .root.Values.context -}}
app.kubernetes.io/name: {{ .name | quote }}
app.kubernetes.io/part-of: {{ $context.application | quote }}
app.kubernetes.io/managed-by: lychgate
environment: {{ $context.environment | quote }}
tenant: {{ $context.tenant | quote }}
data-classification: {{ $context.classification | quote }}
{{- if $context.shared }}
shared: "true"
{{- end }}
{{- end -}}

{{/* Name, namespace and labels of an object of a workload. Takes root, name; `object` where the object is called
     otherwise than the workload. */}}
{{- define "platform.metadata" -}}
name: {{ .object | default .name | quote }}
namespace: {{ .root.Values.namespace | quote }}
labels:
  {{- include "platform.labels" . | nindent 2 }}
{{- end -}}

{{/* The pods of a workload of this stack. Takes a name. */}}
{{- define "platform.pods" -}}
matchLabels: {app.kubernetes.io/name: {{ . | quote }}}
{{- end -}}

{{/* An end of a flow: the pods of a name in a namespace. Takes namespace and name. */}}
{{- define "platform.elsewhere" -}}
namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: {{ .namespace | quote }}}}
podSelector: {matchLabels: {app.kubernetes.io/name: {{ .name | quote }}}}
{{- end -}}

{{/* How many pods there are where no autoscaler decides. Takes root and the workload (or cache). */}}
{{- define "platform.replicas" -}}
{{- if hasKey .workload "replicas" }}{{ .workload.replicas | int }}{{ else }}{{ ternary 2 1 .root.Values.context.production }}{{ end }}
{{- end -}}
