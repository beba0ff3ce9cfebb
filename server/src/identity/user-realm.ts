import type { Directory } from '../directory/index.ts'

/**
 * Where a person's password is kept: here, whoever they are. The answer is the same for everybody, so that it tells
 * nobody who exists. [az-cli-wire §3.6; MS-OAPX]
 */
export async function userRealm(directory: Directory, publicOrigin: string) {
  const { defaultDomain } = await directory.tenant()
  return {
    ver: '1.0',
    account_type: 'Managed',
    domain_name: defaultDomain,
    cloud_instance_name: new URL(publicOrigin).host,
    cloud_audience_urn: 'urn:federation:MicrosoftOnline',
  }
}
