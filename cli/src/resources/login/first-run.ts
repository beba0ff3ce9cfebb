import { WrongUsageError } from '../../framework/command/failure.ts'
import { configurationOf } from '../data-dir/data-dir.ts'
import { readFirstRun } from '../owner/first-run.ts'
import type { LoginFlags } from './flags.ts'

/** The options that name another server or principal, or another sign-in method. */
const ofOthers = [
  'host',
  'server',
  'caFile',
  'tenant',
  'servicePrincipal',
  'username',
  'password',
  'certificate',
  'federatedToken',
  'identity',
  'useDeviceCode',
] as const

/**
 * The options that sign the owner service principal of the first start in, from `first-run.json` of this machine's server.
 *
 * @throws WrongUsageError if another server or principal is named; StartupError if the file cannot be read
 */
export async function firstRunFlags(flags: LoginFlags): Promise<LoginFlags> {
  if (ofOthers.some((name) => flags[name] !== undefined))
    throw new WrongUsageError('--first-run cannot be combined with options that name a server or a principal')
  const { dataDir } = flags
  const configuration = await configurationOf(dataDir === undefined ? {} : { dataDir })
  const { resourceManager, caFile, tenantId, servicePrincipal } = await readFirstRun(configuration.dataDir)
  return {
    server: resourceManager,
    ...(caFile !== null && { caFile }),
    servicePrincipal: true,
    username: servicePrincipal.appId,
    // A generated secret never begins with - or @, which have a meaning in this option.
    password: servicePrincipal.password,
    tenant: tenantId,
  }
}
