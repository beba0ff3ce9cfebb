import { type Directory, denyManaged, resourceNotFound } from '../../directory/index.ts'
import type { Transaction } from '../../platform/sql/database.ts'
import type { Holder, HolderKind } from './model.ts'

/**
 * The application or service principal that has secrets and certificates; with a transaction, the function reads the state inside the
 * transaction.
 *
 * @throws DirectoryError if the holder does not exist or is a managed identity
 */
export async function requireHolder(
  { applications }: Pick<Directory, 'applications'>,
  kind: HolderKind,
  holderId: string,
  transaction?: Transaction,
): Promise<Holder> {
  if (kind === 'applications') {
    const application = await applications.find(holderId, transaction)
    if (application === undefined) throw resourceNotFound(holderId)
    return { holderId, appId: application.appId }
  }
  const principal = await applications.findServicePrincipal(holderId, transaction)
  if (principal === undefined) throw resourceNotFound(holderId)
  denyManaged(principal)
  return { holderId, appId: principal.appId }
}
