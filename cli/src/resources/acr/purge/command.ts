import { type AccessFlags, type OpenRegistry, accessFlags, openRegistry } from '../../../clients/registry/data-plane.ts'
import { listAll } from '../../../clients/registry/pages.ts'
import { type FlagDescription, azExitCodes, defineCommand } from '../../../framework/command/command.ts'
import type { CommandContext } from '../../../framework/command/context.ts'
import { CommandFailure, WrongUsageError, failure } from '../../../framework/command/failure.ts'
import { rangeFlag, yesFlag } from '../../../framework/options/flags.ts'
import { requireDuration } from '../../../framework/values/duration.ts'
import { type Purged, executePlan } from './execute.ts'
import { type Filter, matching, parseFilter } from './filter.ts'
import type { Plan } from './model.ts'
import { type Purge, planPurge } from './plan.ts'
import { purgeText } from './purge-text.ts'

type Flags = AccessFlags & {
  readonly registry: string
  readonly filter?: readonly string[]
  /** Milliseconds. */
  readonly ago?: number
  readonly lastPulled?: number
  readonly keep: number
  readonly untagged?: true
  readonly untaggedOnly?: true
  readonly dryRun?: true
  readonly concurrency: number
  readonly repositoryPageSize: number
  readonly filterTimeoutSeconds: number
  readonly yes?: true
}

/** The result of a purge. */
type PurgeResult = { readonly dryRun: boolean; readonly repositories: readonly Purged[] }

/**
 * A push of an index pushes its manifests first, without a tag. These manifests must remain until the index has a tag.
 */
const untaggedOnlyAgoMs = 86_400_000

const flags: readonly FlagDescription[] = [
  {
    flags: '-r, --registry <registry>',
    description: 'the name of the registry',
    required: true,
    aliases: ['-n', '--name'],
  },
  {
    flags: '-f, --filter <filter>',
    description:
      "the repositories and tags, as two regular expressions: 'team/app:^dev-.*'. The first expression must match the whole name of the repository, and the second expression must match any part of the tag. Can be repeated",
    repeated: true,
  },
  {
    flags: '--ago <duration>',
    description: 'delete only tags and manifests that were not changed for this time, such as 30d, 12h or 2d3h6m',
    parse: requireDuration,
  },
  {
    flags: '--last-pulled <duration>',
    description: 'delete only tags and manifests that were not pulled for this time, such as 90d',
    parse: requireDuration,
  },
  {
    ...rangeFlag('--keep <number>', 'the number of newest matching tags to keep in each repository', [0, 1e9]),
    default: 0,
  },
  { flags: '--untagged', description: 'also delete untagged manifests that no other content needs' },
  {
    flags: '--untagged-only',
    description:
      'delete no tags, and only manifests without a tag. --filter is then optional, and the default of --ago is 1d',
  },
  { flags: '--dry-run', description: 'only list the tags and manifests to delete' },
  {
    ...rangeFlag('--concurrency <number>', 'the number of concurrent requests, at most 32', [1, 32]),
    default: 4,
  },
  {
    ...rangeFlag('--repository-page-size <number>', 'the number of repositories in one request', [1, 1000]),
    default: 100,
  },
  {
    ...rangeFlag(
      '--filter-timeout-seconds <seconds>',
      'the maximum time to evaluate the filters for a repository',
      [1, 600],
    ),
    default: 10,
  },
  ...accessFlags,
  yesFlag,
]

/** `acrux acr purge`: the command `acr purge` of Azure's acr-cli. */
export const command = defineCommand<Flags>({
  about: `
The command skips and reports locked tags, manifests and repositories. The command keeps untagged manifests that
remaining content needs: manifests of an index, referrers of a manifest, and the subject of a referrer. Garbage
collection frees the space of the deleted manifests later.

The time of --ago counts from the last change of a tag or an untagged manifest. With --ago and --last-pulled, both
conditions must be true. The option --last-pulled also selects tags and manifests that were never pulled.

On a terminal, the command asks for a confirmation. Without a terminal, the command needs --yes or --dry-run.`,
  flags,
  examples: [
    "acrux acr purge -r contoso --filter 'team/app:^dev-.*' --ago 30d --untagged --dry-run",
    "acrux acr purge -r contoso --filter '.*:.*' --ago 90d --last-pulled 90d --keep 5 --untagged --yes",
    'acrux acr purge -r contoso --untagged-only --ago 7d --yes',
  ],
  exitCodes: { ...azExitCodes, 1: 'the command failed, or an object could not be deleted' },
  text: purgeText,
  run: purge,
})

async function purge(given: Flags, context: CommandContext): Promise<PurgeResult> {
  const { dryRun, concurrency, yes } = given
  const filters = filtersOf(given)
  const rules = rulesOf(given)
  const registry = await openRegistry(context, given.registry, given)
  requireRecordedPulls(registry, given)
  const repositories = await findRepositories(context, registry, filters, given)
  const { plans, failed } = await planAll(context, registry, { repositories, rules })
  if (dryRun === true) return { dryRun: true, repositories: [...plans.map(plannedOnly), ...failed] }
  const total = plans.reduce((sum, plan) => sum + countOf(plan), 0)
  if (total > 0) await context.confirm(question(registry, plans), yes)
  const bar = context.progress()
  const purged: Purged[] = []
  let done = 0
  try {
    const onDone = () => bar.show((done += 1) / total, `deleted ${done} of ${total}`)
    for (const plan of plans) purged.push(await executePlan(registry, plan, { concurrency, onDone }))
  } catch (error) {
    context.log.notice(`the purge stopped after ${done} of ${total} deletions; run the command again to continue`)
    throw error
  } finally {
    bar.end()
  }
  const all = [...purged, ...failed]
  if (all.some((each) => each.failed.length > 0)) context.exitWith(1)
  return { dryRun: false, repositories: all }
}

/** All repositories for `--untagged-only` without a filter. @throws WrongUsageError */
function filtersOf({ filter, ago, untagged, untaggedOnly }: Flags): readonly Filter[] {
  if (untagged === true && untaggedOnly === true)
    throw new WrongUsageError('--untagged and --untagged-only cannot be combined')
  if (untaggedOnly === true) return (filter ?? ['.*:.*']).map(parseFilter)
  if (filter === undefined) throw new WrongUsageError('--filter is missing', "for all tags: --filter '.*:.*'")
  if (ago === undefined)
    throw new WrongUsageError('--ago is missing', 'to select all tags that match the filter: --ago 0')
  return filter.map(parseFilter)
}

function rulesOf(given: Flags): Omit<Purge, 'tags'> {
  const { ago = untaggedOnlyAgoMs, lastPulled, keep, untagged, untaggedOnly, filterTimeoutSeconds, concurrency } = given
  const nowMs = Date.now()
  return {
    changedBeforeMs: nowMs - ago,
    pulledBeforeMs: lastPulled === undefined ? undefined : nowMs - lastPulled,
    keep,
    untagged: untagged === true || untaggedOnly === true,
    filterTimeoutSeconds,
    concurrency,
  }
}

/**
 * @throws CommandFailure if the filter depends on pulls and the registry belongs to Azure, which records no pulls, so
 * that all manifests would be deleted
 */
function requireRecordedPulls({ loginServer }: OpenRegistry, { lastPulled }: Flags): void {
  if (lastPulled !== undefined && /\.azurecr\.(?:io|cn|us)$/.test(loginServer))
    throw failure(`${loginServer} does not record pulls`, 'use --ago alone')
}

/** The repositories of the filters, with the expressions for their tags. The catalog is read only if a filter needs it. */
async function findRepositories(
  context: CommandContext,
  registry: OpenRegistry,
  filters: readonly Filter[],
  { repositoryPageSize, filterTimeoutSeconds, untaggedOnly }: Flags,
): Promise<ReadonlyMap<string, readonly RegExp[]>> {
  const needsCatalog = filters.some(({ repository }) => repository === undefined)
  const catalog = needsCatalog ? await readCatalog(registry, repositoryPageSize) : []
  const found = new Map<string, RegExp[]>()
  for (const { text, repository, repositories, tags } of filters) {
    const names = repository === undefined ? matching(catalog, [repositories], filterTimeoutSeconds) : [repository]
    if (names.length === 0) context.log.warning(`no repository matches the filter '${text}'`)
    for (const name of names) found.set(name, [...(found.get(name) ?? []), ...(untaggedOnly === true ? [] : [tags])])
  }
  return found
}

async function readCatalog(registry: OpenRegistry, pageSize: number): Promise<readonly string[]> {
  const access = await registry.access('registry:catalog:*')
  const names = await listAll(access, { path: '/v2/_catalog', member: 'repositories' }, { n: String(pageSize) })
  return names.filter((name) => typeof name === 'string')
}

async function planAll(
  context: CommandContext,
  registry: OpenRegistry,
  asked: { readonly repositories: ReadonlyMap<string, readonly RegExp[]>; readonly rules: Omit<Purge, 'tags'> },
): Promise<{ readonly plans: readonly Plan[]; readonly failed: readonly Purged[] }> {
  const { repositories, rules } = asked
  const bar = context.progress()
  const plans: Plan[] = []
  const failed: Purged[] = []
  try {
    for (const [repository, tags] of repositories) {
      bar.show((plans.length + failed.length) / repositories.size, `reading ${repository}`)
      try {
        plans.push(await planPurge(registry, repository, { ...rules, tags }))
      } catch (error) {
        // One repository that cannot be read must not stop a purge of many.
        if (!(error instanceof CommandFailure) || repositories.size === 1) throw error
        const reason = { reference: repository, reason: error.message }
        failed.push({ repository, tags: [], manifests: [], locked: [], failed: [reason] })
      }
    }
  } finally {
    bar.end()
  }
  if (failed.length > 0) context.exitWith(1)
  return { plans, failed }
}

function plannedOnly({ repository, tags, manifests, locked }: Plan): Purged {
  return { repository, tags, manifests: manifests.flat(), locked, failed: [] }
}

function countOf({ tags, manifests }: Plan): number {
  return tags.length + manifests.flat().length
}

function question({ loginServer }: OpenRegistry, plans: readonly Plan[]): string {
  const tags = plans.reduce((sum, plan) => sum + plan.tags.length, 0)
  const manifests = plans.reduce((sum, plan) => sum + plan.manifests.flat().length, 0)
  const places = plans.filter((plan) => countOf(plan) > 0).map(({ repository }) => repository)
  const where = places.length > 5 ? `${places.length} repositories` : places.join(', ')
  return `Are you sure you want to delete ${tags} tags and ${manifests} manifests in ${where} of ${loginServer}?`
}
