#!/bin/sh
# Backs the server up, and verifies the backup. A line of the crontab of the user that the server runs as, every night at 02:15:
#
#   15 2 * * * DATA_DIR=/var/lib/acrux BACKUP_DIR=/backup/acrux /usr/local/bin/backup.sh
#
# cron mails what the script prints. It prints nothing if the backup is intact.
set -eu

output=$(acrux backup create "${BACKUP_DIR:?}" --data-dir "${DATA_DIR:?}" 2>&1) || {
  printf 'The backup has failed, or misses a blob:\n%s\n' "$output" >&2
  exit 1
}
output=$(acrux backup verify "$BACKUP_DIR" 2>&1) || {
  printf 'The backup is damaged:\n%s\n' "$output" >&2
  exit 1
}
