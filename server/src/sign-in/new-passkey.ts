import type { NewPasskey } from '../credentials/index.ts'
import type { User } from '../directory/index.ts'
import type { Form } from '../standards/http/form.ts'
import { PageError } from './errors.ts'
import type { PasskeyQuestion } from './passkeys.ts'
import { type PageCall, type Site, textOf } from './site.ts'

/** What a page needs so that the browser creates a passkey for this person. @throws PageError */
export async function askForNewPasskey(site: Site, { caller }: PageCall, user: User): Promise<PasskeyQuestion> {
  if (!site.passkeys.isAvailable) throw new PageError('noPasskeys')
  const tenantName = (await site.directory.tenant()).displayName
  return site.passkeys.askToCreate(caller.browser, user, tenantName)
}

/** The passkey that the browser created, with the name that the person gave it; undefined if the browser created none. */
export async function readNewPasskey(
  site: Site,
  { caller }: PageCall,
  user: User,
  form: Form,
): Promise<NewPasskey | undefined> {
  const [challenge, credential] = [textOf(form, 'challenge'), textOf(form, 'credential')]
  const displayName = textOf(form, 'name').trim().slice(0, 64) || 'Passkey'
  const made = await site.passkeys.readCreated(caller.browser, user, challenge, credential)
  return made && { ...made, displayName }
}
