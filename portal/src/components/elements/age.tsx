import { formatAge, formatTime } from '../texts/format.ts'

/** How long ago something was; the time itself is the title. */
export function Age({ time }: { readonly time: string }) {
  return <time title={formatTime(time)}>{formatAge(time)}</time>
}
