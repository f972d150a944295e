{{/* What Pod Security's level `restricted` asks of a pod, and a user of its own. */}}
{{- define "platform.podSecurity" -}}
serviceAccountName: {{ . | quote }}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  fsGroup: 10001
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile: {type: RuntimeDefault}
{{- end -}}

{{- define "platform.containerSecurity" -}}
securityContext:
  allowPrivilegeEscalation: false
  privileged: false
  readOnlyRootFilesystem: true
  runAsNonRoot: true
  capabilities: {drop: [ALL]}
  seccompProfile: {type: RuntimeDefault}
{{- end -}}

{{/* In production the loss of a zone leaves pods in the others. Takes root and name. */}}
{{- define "platform.spread" -}}
{{- if .root.Values.context.production }}
topologySpreadConstraints:
  - maxSkew: 1
    topologyKey: topology.kubernetes.io/zone
    whenUnsatisfiable: DoNotSchedule
    labelSelector: {{- include "platform.pods" .name | nindent 6 }}
  - maxSkew: 1
    topologyKey: kubernetes.io/hostname
    whenUnsatisfiable: ScheduleAnyway
    labelSelector: {{- include "platform.pods" .name | nindent 6 }}
{{- end }}
{{- end -}}

{{/* The volume with the secrets of a SecretProviderClass. */}}
{{- define "platform.secretVolume" -}}
name: secrets
csi:
  driver: secrets-store.csi.k8s.io
  readOnly: true
  volumeAttributes: {secretProviderClass: {{ . | quote }}}
{{- end -}}

{{/* One probe. Takes health, service, path. */}}
{{- define "platform.probe" -}}
{{- if .health.command -}}
exec: {command: {{ .health.command | toJson }}}
{{- else if eq (.service.scheme | default "HTTPS") "TCP" -}}
tcpSocket: {port: serving}
{{- else -}}
httpGet: {path: {{ .path | quote }}, port: serving, scheme: {{ .service.scheme | default "HTTPS" }}}
{{- end }}
timeoutSeconds: 3
{{- end -}}

{{- define "platform.probes" -}}
{{- $health := .workload.health | default dict -}}
{{- $live := $health.path | default "/health" -}}
{{- $probe := dict "health" $health "service" (.workload.service | default dict) -}}
startupProbe:
  {{- include "platform.probe" (merge (dict "path" $live) $probe) | nindent 2 }}
  periodSeconds: 5
  failureThreshold: {{ div (add ($health.startSeconds | default 150 | int) 4) 5 }}
livenessProbe:
  {{- include "platform.probe" (merge (dict "path" $live) $probe) | nindent 2 }}
  periodSeconds: 10
  failureThreshold: 3
readinessProbe:
  {{- include "platform.probe" (merge (dict "path" ($health.readyPath | default $live)) $probe) | nindent 2 }}
  periodSeconds: 5
  failureThreshold: 2
{{- end -}}

{{/* Variables that a ConfigMap cannot hold: secrets that the CSI driver copied into a Kubernetes Secret, and what is
     made of them. */}}
{{- define "platform.secretEnvironment" -}}
{{- range .workload.secrets }}
{{- if .environment }}
- name: {{ .environment | quote }}
  valueFrom: {secretKeyRef: {name: {{ printf "%s-environment" $.name | quote }}, key: {{ .file | quote }}}}
{{- end }}
{{- end }}
{{- if include "platform.measured" . }}
- name: NEW_RELIC_LICENSE_KEY
  valueFrom: {secretKeyRef: {name: {{ printf "%s-environment" .name | quote }}, key: new-relic-license}}
- name: OTEL_EXPORTER_OTLP_HEADERS
  value: api-key=$(NEW_RELIC_LICENSE_KEY)
{{- end }}
{{- end -}}

{{- define "platform.container" -}}
{{- $workload := .workload -}}
{{- $requests := dig "resources" "requests" dict $workload -}}
{{- $limits := dig "resources" "limits" dict $workload -}}
name: {{ .name | quote }}
image: {{ $workload.image | quote }}
imagePullPolicy: IfNotPresent
{{- with $workload.command }}
command: {{ toJson . }}
{{- end }}
{{- with $workload.args }}
args: {{ toJson . }}
{{- end }}
{{- with $workload.service }}
ports:
  - {name: serving, containerPort: {{ .port | int }}, protocol: TCP}
{{- end }}
envFrom:
  - configMapRef: {name: {{ .name | quote }}}
{{- with include "platform.secretEnvironment" . | trim }}
env:
  {{- . | nindent 2 }}
{{- end }}
resources:
  requests:
    cpu: {{ $requests.cpu | default "100m" | quote }}
    memory: {{ $requests.memory | default "256Mi" | quote }}
    ephemeral-storage: {{ $requests.ephemeralStorage | default "128Mi" | quote }}
  limits:
    cpu: {{ $limits.cpu | default "500m" | quote }}
    memory: {{ $limits.memory | default ($requests.memory | default "256Mi") | quote }}
    ephemeral-storage: {{ $limits.ephemeralStorage | default "256Mi" | quote }}
{{ include "platform.containerSecurity" . }}
{{- if ne $workload.kind "CronJob" }}
{{ include "platform.probes" . }}
{{- end }}
terminationMessagePolicy: FallbackToLogsOnError
volumeMounts:
  - {name: scratch, mountPath: /tmp}
  {{- if include "platform.secrets" . }}
  - {name: secrets, mountPath: /var/run/secrets/platform, readOnly: true}
  {{- end }}
  {{- if $workload.tls }}
  - {name: tls, mountPath: /var/run/secrets/tls, readOnly: true}
  {{- end }}
  {{- if $workload.cache }}
  - {name: cache-ca, mountPath: /var/run/secrets/cache, readOnly: true}
  {{- end }}
  {{- with $workload.storage }}
  - {name: data, mountPath: {{ .path | quote }}}
  {{- end }}
  {{- range $workload.volumes }}
  - {name: {{ .name | quote }}, mountPath: {{ .path | quote }}}
  {{- end }}
{{- end -}}

{{- define "platform.volumes" -}}
- name: scratch
  emptyDir: {sizeLimit: {{ .workload.scratch | default "64Mi" | quote }}}
{{- if include "platform.secrets" . }}
- {{- include "platform.secretVolume" .name | nindent 2 }}
{{- end }}
{{- with .workload.tls }}
- name: tls
  secret: {secretName: {{ include "platform.tlsSecret" (dict "tls" . "name" $.name) | quote }}, defaultMode: 288}
{{- end }}
{{- with .workload.cache }}
- name: cache-ca
  secret:
    secretName: {{ include "platform.tlsSecret" (dict "tls" .tls "name" (printf "%s-cache" $.name)) | quote }}
    items: [{key: ca.crt, path: ca.crt}]
{{- end }}
{{- range .workload.volumes }}
- name: {{ .name | quote }}
  emptyDir:
    sizeLimit: {{ .size | quote }}
    {{- if .memory }}
    medium: Memory
    {{- end }}
{{- end }}
{{- end -}}

{{/* Metadata and specification of a workload's pods. Takes root, name, workload. */}}
{{- define "platform.podTemplate" -}}
metadata:
  labels:
    {{- include "platform.labels" (dict "root" .root "name" .name) | nindent 4 }}
  annotations:
    checksum/config: {{ include "platform.environment" . | sha256sum }}
spec:
  {{- include "platform.podSecurity" .name | nindent 2 }}
  {{- with .workload.priorityClassName }}
  priorityClassName: {{ . | quote }}
  {{- end }}
  {{- if eq .workload.kind "CronJob" }}
  restartPolicy: Never
  {{- else }}
  {{- include "platform.spread" . | nindent 2 }}
  {{- end }}
  terminationGracePeriodSeconds: {{ .workload.terminationSeconds | default 45 | int }}
  containers:
    - {{- include "platform.container" . | nindent 6 }}
  volumes:
    {{- include "platform.volumes" . | nindent 4 }}
{{- end -}}
