{{- define "maxsink.name" -}}
{{- default .Release.Name .Values.nameOverride | trunc 52 | trimSuffix "-" -}}
{{- end -}}

{{- define "maxsink.labels" -}}
app.kubernetes.io/name: maxsink
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end -}}

{{/* The pods of the StatefulSet, and not those of tests. */}}
{{- define "maxsink.selector" -}}
app.kubernetes.io/name: maxsink
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: sink
{{- end -}}

{{/* The configuration, for `fromYaml`. What the pods get is the text itself: in a map Helm would sort columns by name. */}}
{{- define "maxsink.config" -}}
{{- $config := fromYaml .Values.config -}}
{{- if hasKey $config "Error" -}}
{{- fail (printf "config is no YAML: %s" (get $config "Error")) -}}
{{- end -}}
{{- range list "name" "kafka.brokers" "maxcompute.endpoint" "table.name" -}}
{{- if not (include "maxsink.setting" (list . "" $config)) -}}
{{- fail (printf "config: %s is missing" .) -}}
{{- end -}}
{{- end -}}
{{- toYaml $config -}}
{{- end -}}

{{/* A value of the configuration or its default as text, a list with commas: list "dotted.key" default config. */}}
{{- define "maxsink.setting" -}}
{{- $found := last . -}}
{{- range splitList "." (first .) -}}
{{- $found = kindIs "map" $found | ternary (get (default dict $found) .) "" -}}
{{- end -}}
{{- if kindIs "slice" $found -}}{{- $found = join "," $found -}}{{- end -}}
{{- default (index . 1) $found | toString -}}
{{- end -}}

{{/* A quantity such as 256MiB or 1.5h in its smallest unit: list "dotted.key" default config units. */}}
{{- define "maxsink.quantity" -}}
{{- $text := include "maxsink.setting" (initial .) -}}
{{- $units := last . -}}
{{- $unit := regexFind "[A-Za-z]+$" $text -}}
{{- if not (and (hasKey $units $unit) (regexMatch "^[0-9.]+ ?[A-Za-z]+$" $text)) -}}
{{- fail (printf "config: %s is %q: write a number with one of %s, the chart reckons with it" (first .) $text (keys $units | sortAlpha | join " ")) -}}
{{- end -}}
{{- mulf (trimSuffix $unit $text | trim | float64) (get $units $unit) | ceil | int64 -}}
{{- end -}}

{{- define "maxsink.port" -}}
{{- $config := include "maxsink.config" . | fromYaml -}}
{{- if and (hasKey $config "http") (kindIs "invalid" $config.http) -}}
{{- fail "config: http is null: probes and metrics need the listener" -}}
{{- end -}}
{{- include "maxsink.setting" (list "http.port" 9464 $config) | float64 | int -}}
{{- end -}}

{{/* Longer than `shutdown`, so that the last batch is never cut off. */}}
{{- define "maxsink.gracePeriod" -}}
{{- $units := dict "ms" 1 "s" 1000 "m" 60000 "h" 3600000 "d" 86400000 -}}
{{- $shutdown := include "maxsink.quantity" (list "shutdown" "30s" (include "maxsink.config" . | fromYaml) $units) | int64 -}}
{{- $least := add (div (add $shutdown 999) 1000) 1 -}}
{{- $given := .Values.terminationGracePeriodSeconds -}}
{{- if kindIs "invalid" $given -}}
{{- add $least 14 -}}
{{- else if lt (int64 $given) $least -}}
{{- fail (printf "terminationGracePeriodSeconds %d is not above config: shutdown" (int64 $given)) -}}
{{- else -}}
{{- int64 $given -}}
{{- end -}}
{{- end -}}

{{/* Beside `memory` the process needs about 220 MB; what is given in values wins. */}}
{{- define "maxsink.resources" -}}
{{- $units := dict "KiB" 1024 "MiB" 1048576 "GiB" 1073741824 "KB" 1000 "MB" 1000000 "GB" 1000000000 -}}
{{- $bytes := include "maxsink.quantity" (list "memory" "256MiB" (include "maxsink.config" . | fromYaml) $units) | int64 | add 220000000 -}}
{{- $request := dict "memory" (printf "%dMi" (div (add $bytes 1048575) 1048576)) -}}
{{- $limit := dict "memory" (printf "%dMi" (div (add (div (mul $bytes 5) 4) 1048575) 1048576)) -}}
{{- toYaml (mergeOverwrite (dict "requests" $request "limits" $limit) (deepCopy .Values.resources)) -}}
{{- end -}}

{{- define "maxsink.group" -}}
{{- $config := include "maxsink.config" . | fromYaml -}}
{{- include "maxsink.setting" (list "kafka.groupId" (printf "maxsink-%s" $config.name) $config) -}}
{{- end -}}

{{- define "maxsink.image" -}}
{{- printf "%s:%s" .Values.image.repository (default .Chart.AppVersion .Values.image.tag) -}}
{{- end -}}

{{- define "maxsink.env" -}}
{{- range $name, $from := .Values.secretEnv -}}
- name: {{ $name }}
  valueFrom:
    secretKeyRef: { name: {{ $from.secret | quote }}, key: {{ $from.key | quote }} }
{{ end -}}
{{- with .Values.env -}}
{{ toYaml . }}
{{- end -}}
{{- end -}}

{{- define "maxsink.volumeMounts" -}}
- name: config
  mountPath: /etc/maxsink
  readOnly: true
- name: data
  mountPath: /var/lib/maxsink
{{- range $i, $file := .Values.secretFiles }}
- name: secret-{{ $i }}
  mountPath: {{ $file.path }}
  readOnly: true
{{- end }}
{{- with .Values.extraVolumeMounts }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "maxsink.volumes" -}}
- name: config
  configMap:
    name: {{ include "maxsink.name" . }}
{{- range $i, $file := .Values.secretFiles }}
- name: secret-{{ $i }}
  secret:
    secretName: {{ $file.secret }}
{{- end }}
{{- with .Values.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* What the pods and the test pod share. */}}
{{- define "maxsink.pod" -}}
automountServiceAccountToken: false
enableServiceLinks: false
{{- with .Values.serviceAccountName }}
serviceAccountName: {{ . }}
{{- end }}
{{- with .Values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with .Values.imagePullSecrets }}
imagePullSecrets: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.podSecurityContext }}
securityContext: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}
