import { readFile } from 'node:fs/promises'
import { createSecureContext } from 'node:tls'
import { StartupError, exitCodes } from '@acrux/shared/texts/startup-error.ts'
import type { OutboundNetworks } from './address-policy.ts'
import { type Outbound, createOutbound } from './outbound.ts'

/**
 * Creates the outbound requests from the configuration. @throws StartupError if the file with certificate authorities
 * is unusable
 */
export async function openOutbound(
  settings: OutboundNetworks & { readonly caFile?: string | undefined },
): Promise<Outbound> {
  const extraCa = settings.caFile === undefined ? undefined : await readAuthorities(settings.caFile)
  return createOutbound({ ...settings, extraCa })
}

async function readAuthorities(file: string): Promise<string> {
  try {
    const pem = await readFile(file, 'utf8')
    if (!pem.includes('-----BEGIN CERTIFICATE-----')) throw new Error('the file contains no certificate in PEM format')
    createSecureContext({ ca: pem })
    return pem
  } catch (error) {
    throw new StartupError(
      `the certificate authorities in ${file} cannot be used: ${error instanceof Error ? error.message : String(error)}`,
      exitCodes.configuration,
      'set outbound.caFile to a PEM file with certificates, or omit outbound.caFile',
      { cause: error },
    )
  }
}
