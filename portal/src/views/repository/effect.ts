import { sizeText } from '@acrux/shared/texts/size-text.ts'
import { formatAge } from '../../components/texts/format.ts'
import { repositoryTexts } from '../../components/texts/repository.ts'
import type { Chosen } from './chosen.ts'

const view = repositoryTexts.bulk

const maxNames = 3
/** A pull in this time is worth a warning. */
const recentMs = 7 * 24 * 3_600_000

/** The names of what is chosen: the first ones, and how many more. */
export function namesOf(chosen: readonly Chosen[]): string {
  const names = chosen.slice(0, maxNames).map(({ name }) => name)
  const more = chosen.length - names.length
  return [names.join(', '), ...(more > 0 ? [view.andMore(more)] : [])].join(' ')
}

/** A sentence about the newest pull of what is chosen, if there was a pull in the last seven days. */
export function recentPull(chosen: readonly Chosen[], nowMs: number): string | undefined {
  const pulled = chosen
    .flatMap(({ name, pulledAt }) => (pulledAt === undefined ? [] : [{ name, pulledAt, ms: Date.parse(pulledAt) }]))
    .filter(({ ms }) => nowMs - ms < recentMs)
    .toSorted((left, right) => right.ms - left.ms)
  const [newest] = pulled
  return newest && view.pulled(newest.name, formatAge(newest.pulledAt, nowMs))
}

/**
 * What the deletion of images takes away: the tags, the bytes that can be freed at most, and the last pull. `keptDays`: how long
 * they can be restored, undefined if that is not known.
 */
export function effectOfDeletion(images: readonly Chosen[], keptDays: number | undefined, nowMs: number): string {
  const tags = images.reduce((sum, { tagCount }) => sum + tagCount, 0)
  const named = images.filter(({ tagCount }) => tagCount > 0).length
  const bytes = images.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
  const pulled = recentPull(images, nowMs)
  return [
    namesOf(images),
    tags === named ? view.noOtherTag : view.losesTags(tags),
    `${view.frees(sizeText(bytes))}${keptDays === undefined || keptDays === 0 ? '' : `, ${view.restorable(keptDays)}`}`,
    ...(pulled === undefined ? [] : [pulled]),
  ].join(' · ')
}
