import { hashSecret } from '../../platform/keys/sealing.ts'
import type { SecondFactorContext } from './context.ts'
import type { CodeSender, SecondFactors } from './model.ts'
import { createPasskeys } from './passkeys.ts'
import { newReadableCode } from './readable-code.ts'
import { createTotp, parseTotpCode } from './totp.ts'

const recoveryCodeCount = 10

/** Creates the second factors of users. */
export function createSecondFactors(context: SecondFactorContext): SecondFactors {
  const { database, store, securityEvents } = context
  const totp = createTotp(context)

  function useRecoveryCode(objectId: string, code: string): Promise<boolean> {
    return database.transaction((transaction) =>
      store.useRecoveryCode(transaction, { object_id: objectId, code_hash: recoveryHash(objectId, code) }),
    )
  }

  function recordWrongRecoveryCode(objectId: string, origin: CodeSender['origin']): Promise<void> {
    return database.transaction((transaction) =>
      securityEvents.record(transaction, objectId, { kind: 'failed-sign-in', detail: 'wrong-recovery-code', origin }),
    )
  }

  return {
    of: async (objectId) => {
      const app = await store.totp(undefined, objectId)
      const passkeys = await store.passkeysOf(undefined, objectId)
      const recoveryCodes = await store.countRecoveryCodes(objectId)
      return { totp: app?.confirmed === 1, passkeys: passkeys.length, recoveryCodes }
    },
    ...totp,
    ...createPasskeys(context),
    useCode: async (objectId, code, sender) => {
      if (parseTotpCode(code) !== undefined) {
        const check = await totp.checkTotp(objectId, code, sender)
        if (check === 'verified') return ['otp', 'mfa']
        return check === 'closing' ? 'closing' : 'wrong'
      }
      if (await useRecoveryCode(objectId, code)) return ['mfa']
      await recordWrongRecoveryCode(objectId, sender.origin)
      return 'wrong'
    },
    newRecoveryCodes: async (transaction, objectId) => {
      const codes = Array.from({ length: recoveryCodeCount }, newReadableCode)
      const rows = codes.map((code) => ({ object_id: objectId, code_hash: recoveryHash(objectId, code) }))
      await store.replaceRecoveryCodes(transaction, objectId, rows)
      return codes
    },
    useRecoveryCode,
    recordWrongRecoveryCode,
  }
}

function recoveryHash(objectId: string, code: string): string {
  const written = code
    .slice(0, 64)
    .toLowerCase()
    .replace(/[^a-z0-9]/g, '')
  return hashSecret(`${objectId} ${written}`).toString('base64url')
}
