import { graph } from '../../clients/graph/graph.ts'
import type { Account } from '../../clients/session/account.ts'
import type { FlagDescription } from '../../framework/command/command.ts'
import type { CommandContext } from '../../framework/command/context.ts'
import { failure } from '../../framework/command/failure.ts'
import { numberFlag } from '../../framework/options/flags.ts'
import { valueAt } from '../../framework/values/shape.ts'
import { type NewCertificate, type NewCertificateFlags, newCertificate, newCertificateFlags } from './certificate.ts'
import { addPassword, secretWarning } from './objects.ts'

/** How a password or a certificate is replaced. */
export type ResetFlags = NewCertificateFlags & {
  readonly years?: number
  readonly endDate?: string
  readonly append?: true
  readonly displayName?: string
}

/** Describes {@link ResetFlags}. */
export const resetFlags: readonly FlagDescription[] = [
  numberFlag('--years <years>', 'the number of years until the password expires. Default: 1'),
  { flags: '--end-date <time>', description: 'when the password expires, such as 2026-12-31, instead of --years' },
  {
    flags: '--append',
    description: 'keep the existing passwords and certificates',
  },
  { flags: '--display-name <name>', description: 'the name of the credential' },
  ...newCertificateFlags,
]

/** Whether a command is about certificates instead of passwords. */
export const certificateFlag: FlagDescription = {
  flags: '--cert',
  description: 'apply the command to certificates instead of passwords',
}

/** The option with the id of a credential. */
export const keyIdFlag: FlagDescription = {
  flags: '--key-id <id>',
  description: 'the key id of the credential',
  required: true,
}

/** The end of a credential. @throws CommandFailure if the options exclude each other, or the text is not a time */
export function endOf(start: Date, { years, endDate }: Pick<ResetFlags, 'years' | 'endDate'>): Date {
  if (years !== undefined && endDate !== undefined) throw failure('usage error: --years | --end-date')
  if (endDate === undefined) {
    const end = new Date(start)
    end.setUTCFullYear(end.getUTCFullYear() + (years ?? 1))
    return end
  }
  const end = requireDate('--end-date', endDate)
  return end
}

/**
 * Replaces the passwords of an application or a service principal with a new password or a certificate. The result
 * contains the new password.
 */
export async function resetCredential(
  context: CommandContext,
  account: Account,
  { path, flags }: { readonly path: string; readonly flags: ResetFlags },
): Promise<unknown> {
  const start = new Date()
  const end = endOf(start, flags)
  const object = await graph(account, 'GET', path)
  const passwords = valueAt(object, 'passwordCredentials')
  const { displayName } = flags
  // Before the passwords are deleted, which a certificate that cannot be read does not replace.
  const certificate = await newCertificate(context, account, flags, { displayName, start, end })
  if (flags.append !== true)
    for (const each of Array.isArray(passwords) ? (passwords as unknown[]) : [])
      await graph(account, 'POST', `${path}/removePassword`, { keyId: valueAt(each, 'keyId') })
  const password =
    certificate === undefined ? (await addPassword(account, path, { displayName, start, end })).secret : null
  if (certificate !== undefined) {
    const present = flags.append === true ? valueAt(object, 'keyCredentials') : undefined
    const keyCredentials = [...(Array.isArray(present) ? (present as unknown[]) : []), certificate.keyCredential]
    await graph(account, 'PATCH', path, { keyCredentials })
  }
  context.log.warning(secretWarning)
  const result = { appId: valueAt(object, 'appId'), password, tenant: account.subscription.tenantId }
  return { ...result, ...fileOf(certificate) }
}

/** The member of a result with the file of a created certificate. */
export function fileOf(certificate: NewCertificate | undefined): { fileWithCertAndPrivateKey?: string } {
  return certificate?.file === undefined ? {} : { fileWithCertAndPrivateKey: certificate.file }
}

/** Lists the passwords or the certificates of an application or a service principal. */
export async function listCredentials(account: Account, path: string, isCertificate: boolean): Promise<unknown> {
  return valueAt(await graph(account, 'GET', path), isCertificate ? 'keyCredentials' : 'passwordCredentials')
}

/** Deletes a password or a certificate. @throws CommandFailure if the certificate does not exist */
export async function deleteCredential(
  account: Account,
  path: string,
  { keyId, cert }: { readonly keyId: string; readonly cert?: true },
): Promise<void> {
  if (cert !== true) {
    await graph(account, 'GET', path)
    await graph(account, 'POST', `${path}/removePassword`, { keyId })
    return
  }
  const object = await graph(account, 'GET', path)
  const keys = valueAt(object, 'keyCredentials')
  const present = Array.isArray(keys) ? (keys as unknown[]) : []
  const kept = present.filter((each) => valueAt(each, 'keyId') !== keyId)
  if (kept.length === present.length) {
    throw failure(
      `No key credential found with keyId as '${keyId}' in graph object '${String(valueAt(object, 'id'))}'.`,
    )
  }
  await graph(account, 'PATCH', path, { keyCredentials: kept })
}

/** The time of an option. @throws CommandFailure if the text is not a date */
export function requireDate(option: string, text: string): Date {
  const time = new Date(text)
  if (Number.isNaN(time.getTime())) throw failure(`${option} ${text} is not a date`, 'write the date as 2026-12-31')
  return time
}
