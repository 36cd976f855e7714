{{- define "tidecast.fullname" -}}
{{- if contains .Chart.Name .Release.Name -}}
{{- .Release.Name | trunc 52 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name .Chart.Name | trunc 52 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "tidecast.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "tidecast.labels" -}}
{{ include "tidecast.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end -}}

{{- define "tidecast.serviceAccount" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "tidecast.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{/* What would install and then not work is refused here. */}}
{{- define "tidecast.check" -}}
{{- $kind := dig "broker" "kind" "embedded" .Values.config -}}
{{- if and (ne $kind "kafka") (gt (int .Values.replicas) 1) -}}
{{- fail "replicas: more than one process needs config.broker.kind kafka: an embedded log belongs to one process" -}}
{{- end -}}
{{- if .Values.keda.enabled -}}
{{- if ne $kind "kafka" }}{{ fail "keda.enabled needs config.broker.kind kafka" }}{{ end -}}
{{- if not .Values.keda.triggers }}{{ fail "keda.triggers: name at least one group and topic" }}{{ end -}}
{{- end -}}
{{- end -}}
