import { X509Certificate, randomUUID } from 'node:crypto'
import { homedir } from 'node:os'
import path from 'node:path'
import { issueSelfSigned } from '@acrux/server/issue-certificate'
import type { Account } from '../../clients/session/account.ts'
import type { FlagDescription } from '../../framework/command/command.ts'
import type { CommandContext } from '../../framework/command/context.ts'
import { failure } from '../../framework/command/failure.ts'
import { writePrivateFile } from '../../framework/files/private-file.ts'
import { readSecret } from '../../framework/options/read-value.ts'
import { createVaultCertificate, readVaultCertificate } from './key-vault.ts'

/** Selects a certificate in place of a password. */
export type NewCertificateFlags = {
  readonly cert?: string
  readonly createCert?: true
  readonly keyvault?: string
}

/** Describes {@link NewCertificateFlags}. */
export const newCertificateFlags: readonly FlagDescription[] = [
  {
    flags: '--cert <certificate>',
    description:
      'a certificate instead of a password: @FILE, or the text of the certificate in PEM or as DER in Base64; with --keyvault: the name of the certificate',
  },
  {
    flags: '--create-cert',
    description: 'create a certificate instead of a password, and write the certificate to a file',
  },
  {
    flags: '--keyvault <vault>',
    description:
      'the name of an Azure Key Vault that contains the certificate of --cert, or in which --create-cert creates the certificate',
  },
]

/** The time in which a credential is valid. */
type Validity = { readonly start: Date; readonly end: Date }

/** A certificate for Graph, and the file of its key if the command created the certificate. */
export type NewCertificate = {
  readonly keyCredential: Readonly<Record<string, unknown>>
  readonly file: string | undefined
}

/**
 * The certificate in the options, or undefined without a certificate. A created certificate is in a vault, or in a file
 * in the home directory that only the user can read. [azure-cli role _process_certificate]
 *
 * @throws CommandFailure if the text is not a certificate, or the options exclude each other
 */
export async function newCertificate(
  context: CommandContext,
  account: Account,
  flags: NewCertificateFlags,
  { displayName, start, end }: Validity & { readonly displayName?: string | undefined },
): Promise<NewCertificate | undefined> {
  const found = await findCertificate(account, flags, { start, end })
  if (found === undefined) return undefined
  const { certificate, file } = found
  const validity = within(context, certificate, { start, end })
  const keyCredential = {
    '@odata.type': '#microsoft.graph.keyCredential',
    displayName: displayName ?? null,
    startDateTime: validity.start.toISOString(),
    endDateTime: validity.end.toISOString(),
    key: certificate.raw.toString('base64'),
    keyId: randomUUID(),
    type: 'AsymmetricX509Cert',
    usage: 'Verify',
  }
  return { keyCredential, file }
}

type FoundCertificate = { readonly certificate: X509Certificate; readonly file?: string }

async function findCertificate(
  account: Account,
  { cert, createCert, keyvault }: NewCertificateFlags,
  validity: Validity,
): Promise<FoundCertificate | undefined> {
  if (keyvault === undefined) {
    if (cert !== undefined && createCert === true) throw wrongCertificateOptions()
    if (cert !== undefined) return { certificate: parseCertificate(await readSecret(cert)) }
    return createCert === true ? createCertificate(validity) : undefined
  }
  if (cert === undefined) throw wrongCertificateOptions()
  const place = { vault: keyvault, name: cert }
  return {
    certificate:
      createCert === true
        ? await createVaultCertificate(account, place, monthsOf(validity))
        : await readVaultCertificate(account, place),
  }
}

function wrongCertificateOptions(): Error {
  return failure(
    'Usage error: --cert STRING | --create-cert [--keyvault VAULT --cert NAME] | --password STRING | --keyvault VAULT --cert NAME',
  )
}

/** The months as az computes them: from whole days, with 365 days in a year. */
function monthsOf({ start, end }: Validity): number {
  const days = Math.floor((end.getTime() - start.getTime()) / (24 * 60 * 60 * 1000))
  return Math.trunc((days / 365) * 12)
}

async function createCertificate({ start, end }: Validity): Promise<{ certificate: X509Certificate; file: string }> {
  const from = new Date(start.getTime() - 1000)
  const { cert, key } = await issueSelfSigned('CN=CLI-Login', from, new Date(end.getTime() + 1000))
  const file = path.join(homedir(), `tmp${randomUUID().slice(0, 8)}.pem`)
  await writePrivateFile(file, `${key}${cert}`)
  return { certificate: new X509Certificate(cert), file }
}

function parseCertificate(text: string): X509Certificate {
  try {
    return new X509Certificate(text.includes('-----BEGIN') ? text : Buffer.from(text, 'base64'))
  } catch (error) {
    throw failure('usage error: --cert STRING', 'pass @FILE with a certificate in PEM, or as DER in Base64', error)
  }
}

/** The validity of the key credential, within the validity of the certificate. */
function within({ log }: CommandContext, certificate: X509Certificate, { start, end }: Validity): Validity {
  const { validFromDate, validToDate } = certificate
  if (validFromDate > start)
    log.warning(
      `Certificate is not valid until ${validFromDate.toISOString()}. Adjusting key credential start date to match.`,
    )
  if (validToDate < end)
    log.warning(`Certificate expires ${validToDate.toISOString()}. Adjusting key credential end date to match.`)
  return {
    start: validFromDate > start ? new Date(validFromDate.getTime() + 1000) : start,
    end: validToDate < end ? new Date(validToDate.getTime() - 1000) : end,
  }
}
