import type { ListedManifest, ListedTag, Plan, References, Rules } from './model.ts'

/** Whether something is old enough, and was not pulled recently. */
function isDue(item: Pick<ListedTag, 'updatedAtMs' | 'pulledAtMs'>, rules: Rules): boolean {
  const { changedBeforeMs, pulledBeforeMs } = rules
  return (
    item.updatedAtMs < changedBeforeMs &&
    (pulledBeforeMs === undefined || item.pulledAtMs === undefined || item.pulledAtMs < pulledBeforeMs)
  )
}

/** The tags to delete, and the locked tags, of all tags that match the filters. The newest `keep` tags remain. */
export function selectTags(
  matched: readonly ListedTag[],
  rules: Rules,
): { readonly deleted: readonly ListedTag[]; readonly locked: readonly ListedTag[] } {
  const due = matched.filter((tag) => isDue(tag, rules)).toSorted((one, other) => other.updatedAtMs - one.updatedAtMs)
  return {
    deleted: due.filter(({ isLocked }) => !isLocked).slice(rules.keep),
    locked: due.filter(({ isLocked }) => isLocked),
  }
}

/**
 * The manifests to delete. A manifest remains if it has a tag, is locked or is not due. A remaining manifest keeps
 * related manifests: the manifests of an index, the subject of a referrer, and the referrers of a manifest.
 *
 * @param remainingTags how many tags a digest has after the tags are deleted
 * @returns digests in waves, each after the manifests that refer to them
 */
export function selectManifests(
  manifests: readonly ListedManifest[],
  references: ReadonlyMap<string, References>,
  { rules, remainingTags }: { readonly rules: Rules; readonly remainingTags: (manifest: ListedManifest) => number },
): { readonly deleted: Plan['manifests']; readonly locked: readonly string[] } {
  const isRoot = (each: ListedManifest) => remainingTags(each) > 0 || each.isLocked || !isDue(each, rules)
  const referrers = referrersOf(references)
  const kept = new Set<string>()
  const open = manifests.filter(isRoot).map(({ digest }) => digest)
  for (let digest = open.pop(); digest !== undefined; digest = open.pop()) {
    if (kept.has(digest)) continue
    kept.add(digest)
    const { children = [], subject } = references.get(digest) ?? {}
    open.push(...children, ...(subject === undefined ? [] : [subject]), ...(referrers.get(digest) ?? []))
  }
  const unneeded = manifests.filter(({ digest }) => !kept.has(digest)).map(({ digest }) => digest)
  const isUntagged = (each: ListedManifest) => remainingTags(each) === 0 && isDue(each, rules)
  return {
    deleted: inWaves(unneeded, references),
    locked: manifests.filter((each) => each.isLocked && isUntagged(each)).map(({ digest }) => digest),
  }
}

function referrersOf(references: ReadonlyMap<string, References>): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>()
  for (const [digest, { subject }] of references) {
    if (subject === undefined) continue
    const known = found.get(subject)
    if (known === undefined) found.set(subject, [digest])
    else known.push(digest)
  }
  return found
}

/**
 * Splits digests into waves, so that an interrupted purge leaves no index without its manifests, and no referrer
 * without its subject. Manifests that refer to a manifest are in an earlier wave than this manifest.
 */
function inWaves(
  digests: readonly string[],
  references: ReadonlyMap<string, References>,
): readonly (readonly string[])[] {
  const all = new Set(digests)
  const referredFrom = (digest: string) => {
    const { children = [], subject } = references.get(digest) ?? {}
    return new Set([...children, ...(subject === undefined ? [] : [subject])].filter((each) => all.has(each)))
  }
  const incoming = new Map(digests.map((digest) => [digest, 0]))
  for (const digest of digests)
    for (const each of referredFrom(digest)) incoming.set(each, (incoming.get(each) ?? 0) + 1)
  const waves: string[][] = []
  for (let wave = digests.filter((digest) => incoming.get(digest) === 0); wave.length > 0;) {
    waves.push(wave)
    const next: string[] = []
    for (const each of wave.flatMap((digest) => [...referredFrom(digest)])) {
      const left = (incoming.get(each) ?? 0) - 1
      incoming.set(each, left)
      if (left === 0) next.push(each)
    }
    wave = next
  }
  return waves
}
