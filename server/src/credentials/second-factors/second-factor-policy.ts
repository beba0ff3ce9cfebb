import type { AuthenticationRecords, DirectoryRole } from '../../directory/index.ts'
import type { Transaction } from '../../platform/sql/database.ts'
import type { SecondFactorStore } from './second-factor-store.ts'

/** Which users must sign in with a second factor, and how users set up the first second factor. */
export type SecondFactorPolicy = {
  /** `owners` means the users with the directory role owner. */
  readonly required: 'none' | 'owners' | 'all'
  /** With `self`, the password is enough. With `owner-code`, the user also needs a code from an owner. */
  readonly enrolment: 'self' | 'owner-code'
}

/** What a sign-in still needs: a check of the user's second factor, or the setup of a second factor. */
export type SecondFactorDue = 'second-factor' | 'enrolment'

/** The methods that are stronger than a password or than a sign-in at another provider. [RFC 8176 §2] */
export const strongMethods: readonly string[] = ['mfa', 'otp', 'hwk']

/** Ends the sign-ins without a strong method, of the given users or of all users. */
export type EndWeakSignIns = (transaction: Transaction, whose: readonly string[] | 'all') => Promise<void>

export type SecondFactorRuleOptions = {
  readonly store: SecondFactorStore
  readonly authentication: Pick<AuthenticationRecords, 'owners'>
  readonly policy: SecondFactorPolicy
  readonly endWeakSignIns: EndWeakSignIns
}

/** Decides which second factor a sign-in needs under the policy. */
export function createSecondFactorRules({ store, authentication, policy, endWeakSignIns }: SecondFactorRuleOptions) {
  async function hasAny(source: Transaction | undefined, objectId: string): Promise<boolean> {
    const totp = await store.totp(source, objectId)
    return totp?.confirmed === 1 || (await store.passkeysOf(source, objectId)).length > 0
  }

  return {
    /** What a sign-in by these methods still needs. The result is undefined if the sign-in needs nothing. */
    due: async (
      source: Transaction | undefined,
      { objectId, directoryRole }: { readonly objectId: string; readonly directoryRole: DirectoryRole | undefined },
      methods: readonly string[],
    ): Promise<SecondFactorDue | undefined> => {
      if (methods.some((method) => strongMethods.includes(method))) return undefined
      const isRequired = policy.required === 'all' || (policy.required === 'owners' && directoryRole === 'owner')
      if (!isRequired && methods.includes('fed')) return undefined
      if (await hasAny(source, objectId)) return 'second-factor'
      return isRequired ? 'enrolment' : undefined
    },
    /** Ends the sign-ins of a user that lack a required second factor. */
    endInsufficientOf: async (transaction: Transaction, objectId: string): Promise<void> => {
      if (policy.required === 'none') return
      transaction.changesAuthority()
      await endWeakSignIns(transaction, [objectId])
    },
    /** Ends the sign-ins of all users that lack a required second factor. */
    endInsufficient: async (transaction: Transaction): Promise<void> => {
      if (policy.required === 'none') return
      transaction.changesAuthority()
      const owners = async () => (await authentication.owners(transaction)).map(({ objectId }) => objectId)
      await endWeakSignIns(transaction, policy.required === 'all' ? 'all' : await owners())
    },
    /** Whether a user needs a code from an owner to set up the first second factor. */
    needsCode: async (
      source: Transaction | undefined,
      objectId: string,
      methods: readonly string[],
    ): Promise<boolean> =>
      policy.enrolment === 'owner-code' &&
      !methods.some((method) => strongMethods.includes(method)) &&
      !(await hasAny(source, objectId)),
  }
}

export type SecondFactorRules = ReturnType<typeof createSecondFactorRules>
