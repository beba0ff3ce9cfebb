import type { Page } from 'playwright-core'
import type { Person } from '../harness/page-visitor.ts'

/** Opens an address of the portal and signs in. */
export async function signIn(page: Page, { userPrincipalName, password }: Person, path = '/portal/'): Promise<void> {
  await page.goto(path)
  await page.getByLabel('User name').fill(userPrincipalName)
  await page.getByLabel('Password').fill(password)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await page.waitForURL((url) => decodeURIComponent(url.pathname) === decodeURIComponent(path.split('?')[0] ?? ''))
}
