import type { HolderKind } from '../../credentials/index.ts'
import { addPasswordBody, removePasswordBody } from './bodies.ts'
import { readBody } from '../surface/body.ts'
import { type GraphHandler, change, requirePathId } from '../surface/context.ts'
import { passwordCredential } from '../surface/documents.ts'

/** `POST /applications/{id}/addPassword` and `POST /servicePrincipals/{id}/addPassword`: the only answer with the secret. */
export function addPassword(kind: HolderKind): GraphHandler {
  return async (context, call) => {
    const { secrets } = context.credentials
    const holder = await secrets.requireHolder(kind, requirePathId(call))
    const request = readBody(addPasswordBody, call.request.body)
    const { secretText, secret, insert } = secrets.prepare(holder, request)
    await change(context, call, insert, () => ({
      action: 'client-secret.create',
      target: `${kind}/${holder.holderId}`,
      detail: { keyId: secret.keyId, expiresAtMs: secret.expiresAtMs },
    }))
    return passwordCredential(secret, secretText)
  }
}

/** `POST /applications/{id}/removePassword` and `POST /servicePrincipals/{id}/removePassword` */
export function removePassword(kind: HolderKind): GraphHandler {
  return async (context, call) => {
    const { secrets } = context.credentials
    const { holderId } = await secrets.requireHolder(kind, requirePathId(call))
    const { keyId } = readBody(removePasswordBody, call.request.body)
    await change(
      context,
      call,
      (transaction) => secrets.remove(transaction, holderId, keyId),
      () => ({ action: 'client-secret.delete', target: `${kind}/${holderId}`, detail: { keyId } }),
    )
    return call.reply.code(204).send()
  }
}
