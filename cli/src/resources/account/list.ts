import { defineCommand } from '../../framework/command/command.ts'
import type { CommandContext } from '../../framework/command/context.ts'
import { httpClientOf, requireCloud, subscriptionsOf } from '../../clients/session/account.ts'
import { type Profile, type Subscription, openProfile } from '../../framework/profile/profile.ts'
import { openSecretStore } from '../../clients/session/secret-store.ts'
import { refreshSubscriptions } from '../../clients/session/sign-in.ts'
import { subscriptionDocument } from '../../framework/profile/subscription-document.ts'

type Flags = { readonly all?: true; readonly refresh?: true }

/** `acrux account list`. */
export const command = defineCommand<Flags>({
  flags: [
    { flags: '--all', description: 'list the subscriptions of all clouds, also those that are not enabled' },
    { flags: '--refresh', description: 'get the subscriptions from the server' },
  ],
  examples: ['acrux account list', 'acrux account list --all -o table'],
  prints: 'result',
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

/** Gets the subscriptions of every sign-in of the active cloud again. If the server denies a sign-in, its known subscriptions are kept. */
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
