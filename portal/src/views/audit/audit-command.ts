import { shellWord } from '@acrux/shared/texts/shell-word.ts'
import type { EventSearch } from '../../api/audit.ts'

const flags: Readonly<Record<keyof EventSearch, string>> = {
  from: '--from',
  to: '--to',
  principal: '--principal',
  action: '--action',
  outcome: '--outcome',
  address: '--address',
  id: '--correlation-id',
}

/** The command that does a search: in the log of a registry, or of the whole server. */
export function listCommand(registry: string | undefined, publicOrigin: string, search: EventSearch): string {
  const place = registry === undefined ? `--server ${shellWord(publicOrigin)}` : `-n ${shellWord(registry)}`
  const filters = Object.entries(search).map(
    ([name, value]) => ` ${flags[name as keyof EventSearch]} ${shellWord(value)}`,
  )
  return `acrux audit list ${place}${filters.join('')}`
}
