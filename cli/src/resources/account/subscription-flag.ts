import type { FlagDescription } from '../../framework/command/command.ts'

/** The option that selects a subscription. */
export type SubscriptionFlags = { readonly subscription?: string }

/** Describes {@link SubscriptionFlags}. */
export const subscriptionFlag = {
  flags: '-s, --subscription <subscription>',
  aliases: ['-n', '--name'],
  description: 'the id or name of the subscription. Default: the active one',
} as const satisfies FlagDescription
