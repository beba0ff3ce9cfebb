import type { Transaction } from '../../platform/sql/database.ts'
import type { DirectoryStore } from '../store.ts'

/** Who has to sign in with a second factor, and what the first one is set up with. */
export type SecondFactorPolicy = {
  /** `owners` are the people who own the directory. */
  readonly required: 'none' | 'owners' | 'all'
  /** `self`: whoever has the password. `owner-code`: whoever has a code of an owner besides. */
  readonly enrolment: 'self' | 'owner-code'
}

/** What a sign-in still lacks: a second factor that the person has, or one that has to be set up. */
export type SecondFactorDue = 'second-factor' | 'enrolment'

/** The methods that show more than a password or another provider's word. [RFC 8176 §2] */
const strong: readonly string[] = ['mfa', 'otp', 'hwk']

/** Tells what sign-ins lack under the policy. */
export function createSecondFactorRules(store: DirectoryStore, policy: SecondFactorPolicy) {
  async function holdsAny(source: Transaction | undefined, objectId: string): Promise<boolean> {
    const totp = await store.totp(source, objectId)
    return totp?.confirmed === 1 || (await store.passkeysOf(source, objectId)).length > 0
  }

  return {
    /** What a sign-in by these methods lacks; undefined for nothing. `directoryRole` is that of the person. */
    due: async (
      source: Transaction | undefined,
      { objectId, directoryRole }: { readonly objectId: string; readonly directoryRole: string | null },
      methods: readonly string[],
    ): Promise<SecondFactorDue | undefined> => {
      if (methods.some((method) => strong.includes(method))) return undefined
      const isRequired = policy.required === 'all' || (policy.required === 'owners' && directoryRole === 'owner')
      if (!isRequired && methods.includes('fed')) return undefined
      if (await holdsAny(source, objectId)) return 'second-factor'
      return isRequired ? 'enrolment' : undefined
    },
    /** Ends the sign-ins of a person that lack a required second factor. */
    endInsufficientOf: async (transaction: Transaction, objectId: string): Promise<void> => {
      if (policy.required === 'none') return
      transaction.changesAuthority()
      await store.endWeakSignInsOf(transaction, objectId)
    },
    /** The same of everybody. */
    endInsufficient: async (transaction: Transaction): Promise<void> => {
      if (policy.required === 'none') return
      transaction.changesAuthority()
      await store.endWeakSignIns(transaction, policy.required)
    },
    /** Whether a person needs a code of an owner to set up the first second factor. */
    needsCode: async (
      source: Transaction | undefined,
      objectId: string,
      methods: readonly string[],
    ): Promise<boolean> =>
      policy.enrolment === 'owner-code' &&
      !methods.some((method) => strong.includes(method)) &&
      !(await holdsAny(source, objectId)),
  }
}

export type SecondFactorRules = ReturnType<typeof createSecondFactorRules>
