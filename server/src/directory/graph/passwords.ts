import type { Transaction } from '../../platform/sql/database.ts'
import { refuseManaged, resourceNotFound } from '../errors.ts'
import { addPasswordBody, readBody, removePasswordBody } from './bodies.ts'
import { type Graph, type GraphCall, type GraphHandler, change, requirePathId } from './call.ts'
import { passwordCredential } from './documents.ts'

/** The two kinds of object that hold secrets, each in its own list. */
type HolderKind = 'applications' | 'servicePrincipals'

/** `POST /applications/{id}/addPassword` and `POST /servicePrincipals/{id}/addPassword`: the only answer with the secret. */
export function addPassword(kind: HolderKind): GraphHandler {
  return async (graph, call) => {
    const holder = await requireHolder(graph, kind, call)
    const request = readBody(addPasswordBody, call.request.body)
    const { secretText, row } = graph.credentials.prepareSecret(holder, request)
    await change(
      graph,
      call,
      async (transaction) => {
        // It may have been deleted since it was found, and a secret without a holder must not stay behind.
        const present = await find(graph, kind, holder.holderId, transaction)
        if (present === undefined) throw resourceNotFound(holder.holderId)
        await graph.credentials.insertSecret(transaction, row)
      },
      () => ({
        action: 'client-secret.create',
        target: `${kind}/${holder.holderId}`,
        detail: { keyId: row.id, expiresAtMs: row.expires_at_ms },
      }),
    )
    return passwordCredential(row, secretText)
  }
}

/** `POST /applications/{id}/removePassword` and `POST /servicePrincipals/{id}/removePassword` */
export function removePassword(kind: HolderKind): GraphHandler {
  return async (graph, call) => {
    const { holderId } = await requireHolder(graph, kind, call)
    const { keyId } = readBody(removePasswordBody, call.request.body)
    await change(
      graph,
      call,
      (transaction) => graph.credentials.removeSecret(transaction, holderId, keyId),
      () => ({ action: 'client-secret.delete', target: `${kind}/${holderId}`, detail: { keyId } }),
    )
    return call.reply.code(204).send()
  }
}

async function requireHolder(graph: Graph, kind: HolderKind, call: GraphCall) {
  const holderId = requirePathId(call)
  const row = await find(graph, kind, holderId)
  if (row === undefined) throw resourceNotFound(holderId)
  if ('managed_kind' in row) refuseManaged(row)
  return { holderId, appId: row.app_id }
}

function find({ store }: Graph, kind: HolderKind, id: string, transaction?: Transaction) {
  return kind === 'applications'
    ? store.application(transaction, 'object_id', id)
    : store.servicePrincipal(transaction, 'object_id', id)
}
