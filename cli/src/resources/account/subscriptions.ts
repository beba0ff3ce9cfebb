import { listArm } from '../../clients/arm/arm.ts'
import {
  httpClientOf,
  requireAccount,
  requireCloud,
  requireSubscription,
  subscriptionsOf,
} from '../../clients/session/account.ts'
import { openSecretStore } from '../../clients/session/secret-store.ts'
import { refreshSubscriptions, withActiveSubscription } from '../../clients/session/sign-in.ts'
import { type FlagDescription, defineCommand } from '../../framework/command/command.ts'
import type { CommandContext } from '../../framework/command/context.ts'
import { wordFlag } from '../../framework/options/flags.ts'
import { type Profile, type Subscription, openProfile, subscriptionDocument } from '../../framework/profile/profile.ts'

/** The option that selects a subscription. */
export type SubscriptionFlags = { readonly subscription?: string }

/** Describes {@link SubscriptionFlags}. */
export const subscriptionFlag = {
  flags: '-s, --subscription <subscription>',
  aliases: ['-n', '--name'],
  description: 'the id or name of the subscription. Default: the active subscription',
} as const satisfies FlagDescription

type ListSubscriptionsFlags = { readonly all?: true; readonly refresh?: true }

/** `acrux account list`. */
export const listSubscriptions = defineCommand<ListSubscriptionsFlags>({
  flags: [
    { flags: '--all', description: 'list the subscriptions of all clouds, including disabled subscriptions' },
    { flags: '--refresh', description: 'get the subscriptions from the server' },
  ],
  examples: ['acrux account list', 'acrux account list --all -o table'],
  table: (subscriptions: readonly (Subscription & { readonly cloudName: string })[]) =>
    subscriptions.map(({ name, cloudName, id, tenantId, state, isDefault }) => ({
      Name: name,
      CloudName: cloudName,
      SubscriptionId: id,
      TenantId: tenantId,
      State: state,
      IsDefault: isDefault,
    })),
  run: async ({ all, refresh }, context) => {
    const profile = refresh === true ? await refreshed(context) : await openProfile(context.env).read()
    const stored = all === true ? profile.subscriptions : subscriptionsOf(profile)
    if (stored.length === 0) context.log.warning('Please run "acrux login" to access your accounts.')
    const subscriptions = stored.map(({ subscription }) => subscription)
    const shown = all === true ? subscriptions : subscriptions.filter(({ state }) => state === 'Enabled')
    if (shown.length < subscriptions.length)
      context.log.warning("A few accounts are skipped as they don't have 'Enabled' state. Use '--all' to display them.")
    return shown.map(subscriptionDocument)
  },
})

/**
 * Gets the subscriptions of every sign-in of the active cloud again. If the server denies a sign-in, the known
 * subscriptions of this sign-in remain.
 */
async function refreshed(context: CommandContext): Promise<Profile> {
  const profile = openProfile(context.env)
  const before = await profile.read()
  const cloud = requireCloud(before, before.activeCloud)
  const http = httpClientOf(context, cloud)
  const found = new Map<string, readonly Subscription[]>()
  for (const signIn of before.signIns.filter((each) => each.cloud === cloud.name)) {
    const user = subscriptionsOf(before).find((each) => each.signIn === signIn.id)?.subscription.user
    if (user === undefined) continue
    const secrets = openSecretStore(signIn.secretStore, context.env)
    try {
      const source = { http, cloud, signIn, secrets, env: context.env }
      found.set(signIn.id, await refreshSubscriptions(context, source, user))
    } catch (error) {
      const reason = error instanceof Error ? error.message : ''
      context.log.warning(`the subscriptions of ${signIn.userName} cannot be listed: ${reason}`)
    }
  }
  return profile.change((current) => {
    const active = current.subscriptions.find(({ subscription }) => subscription.isDefault)?.subscription.id
    const present = current.subscriptions.filter(({ signIn }) => !found.has(signIn))
    const listed = [...found].flatMap(([signIn, subscriptions]) =>
      subscriptions.map((each) => ({ signIn, subscription: { ...each, isDefault: each.id === active } })),
    )
    return { ...current, subscriptions: [...present, ...listed] }
  })
}

type ListLocationsFlags = { readonly includeExtendedLocations?: boolean }

/** `acrux account list-locations`. */
export const listLocations = defineCommand<ListLocationsFlags>({
  flags: [wordFlag('--include-extended-locations', 'also list the extended locations')],
  examples: ['acrux account list-locations -o table'],
  run: async ({ includeExtendedLocations }, context) => {
    const account = await requireAccount(context)
    const query = new URLSearchParams({
      ...(includeExtendedLocations !== undefined && { includeExtendedLocations: String(includeExtendedLocations) }),
      'api-version': '2022-12-01',
    })
    return listArm(account, `/subscriptions/${account.subscription.id}/locations?${query.toString()}`)
  },
})

/** `acrux account show`. */
export const showSubscription = defineCommand<SubscriptionFlags>({
  flags: [subscriptionFlag],
  examples: ['acrux account show', 'acrux account show --query tenantId -o tsv'],
  run: async ({ subscription }, { env }) =>
    requireSubscription(await openProfile(env).read(), subscription).subscription,
})

/** `acrux account set`. */
export const setSubscription = defineCommand<{ readonly subscription: string }>({
  flags: [{ ...subscriptionFlag, description: 'the id or name of the subscription', required: true }],
  examples: ['acrux account set -s 6f1d8c1e-1f0f-4d0e-9c53-0d1f6d4f2b11'],
  run: async ({ subscription }, { env }) => {
    await openProfile(env).change((profile) => withActiveSubscription(profile, subscription))
  },
})
