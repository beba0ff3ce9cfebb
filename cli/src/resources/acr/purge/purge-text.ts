import type { Purged } from './execute.ts'

/** The result of a purge as text: a line for each tag and manifest, and a summary. */
export function purgeText({
  dryRun,
  repositories,
}: {
  readonly dryRun: boolean
  readonly repositories: readonly Purged[]
}): string {
  const verb = dryRun ? 'would delete' : 'deleted'
  const lines = repositories.flatMap(({ repository, tags, manifests, locked, failed }) => [
    ...tags.map((tag) => `${verb} ${repository}:${tag}`),
    ...manifests.map((digest) => `${verb} ${repository}@${digest}`),
    ...locked.map((reference) => `skipped ${nameOf(repository, reference)}: locked`),
    ...failed.map(({ reference, reason }) => `failed ${nameOf(repository, reference)}: ${reason}`),
  ])
  const count = (of: (each: Purged) => readonly unknown[]) =>
    repositories.reduce((sum, each) => sum + of(each).length, 0)
  const skipped = count(({ locked }) => locked)
  const failures = count(({ failed }) => failed)
  const summary = [
    `${verb} ${count(({ tags }) => tags)} tags and ${count(({ manifests }) => manifests)} manifests`,
    ...(skipped > 0 ? [`skipped ${skipped} that are locked`] : []),
    ...(failures > 0 ? [`failed to delete ${failures}`] : []),
  ]
  return [...lines, summary.join('; ')].join('\n')
}

function nameOf(repository: string, reference: string): string {
  if (reference === repository) return repository
  return `${repository}${reference.includes(':') ? '@' : ':'}${reference}`
}
