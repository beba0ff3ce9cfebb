import type { HolderKind } from '../../credentials/index.ts'
import type { addPasswordBody, removePasswordBody } from './bodies.ts'
import { change, requireMayBecomeApplication, requirePathId } from '../protocol/context.ts'
import { type passwordCredentialSchema, passwordCredentialDocument } from '../protocol/documents.ts'
import type { GraphHandler } from '../protocol/route.ts'

/** `POST /applications/{id}/addPassword`, `POST /servicePrincipals/{id}/addPassword`: the only response with the secret. */
export function addPassword(kind: HolderKind): GraphHandler<typeof passwordCredentialSchema, typeof addPasswordBody> {
  return async (context, call) => {
    const { secrets } = context.credentials
    const holder = await secrets.requireHolder(kind, requirePathId(call))
    await requireMayBecomeApplication(context, call, holder.holderId)
    const request = call.readBody()
    const { secretText, secret, insert } = secrets.prepare(holder, request)
    await change(context, call, insert, () => ({
      action: 'client-secret.create',
      target: `${kind}/${holder.holderId}`,
      detail: { keyId: secret.keyId, expiresAtMs: secret.expiresAtMs },
    }))
    return passwordCredentialDocument(secret, secretText)
  }
}

/** `POST /applications/{id}/removePassword` and `POST /servicePrincipals/{id}/removePassword` */
export function removePassword(kind: HolderKind): GraphHandler<'none', typeof removePasswordBody> {
  return async (context, call) => {
    const { secrets } = context.credentials
    const { holderId } = await secrets.requireHolder(kind, requirePathId(call))
    const { keyId } = call.readBody()
    await change(
      context,
      call,
      (transaction) => secrets.remove(transaction, holderId, keyId),
      () => ({ action: 'client-secret.delete', target: `${kind}/${holderId}`, detail: { keyId } }),
    )
  }
}
