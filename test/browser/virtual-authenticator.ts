import type { CDPSession, Page } from 'playwright-core'

/** An authenticator of one page, which answers without a question. */
export type Authenticator = { readonly cdp: CDPSession; readonly id: string }

/** Adds a virtual authenticator with user verification to a page. */
export async function addAuthenticator(
  page: Page,
  change: { hasUserVerification?: boolean } = {},
): Promise<Authenticator> {
  const cdp = await page.context().newCDPSession(page)
  await cdp.send('WebAuthn.enable')
  const { authenticatorId: id } = await cdp.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
      ...change,
    },
  })
  return { cdp, id }
}

export const credentialsOf = async ({ cdp, id }: Authenticator) =>
  (await cdp.send('WebAuthn.getCredentials', { authenticatorId: id })).credentials

/** Adds an authenticator with the same passkeys to another page, as that of the device is in each of its windows. */
export async function shareAuthenticator(from: Authenticator, page: Page): Promise<void> {
  const { cdp, id: authenticatorId } = await addAuthenticator(page)
  for (const credential of await credentialsOf(from)) {
    await cdp.send('WebAuthn.addCredential', { authenticatorId, credential })
  }
}
