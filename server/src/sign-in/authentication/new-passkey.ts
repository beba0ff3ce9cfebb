import { plainLine } from '@acrux/shared/standards/http/plain-text.ts'
import type { NewPasskey } from '../../credentials/index.ts'
import type { User } from '../../directory/index.ts'
import type { Form } from '@acrux/shared/standards/http/form.ts'
import { PageError } from '../flow/errors.ts'
import type { PasskeyRequest } from '../passkeys/passkeys.ts'
import type { Context } from '../flow/context.ts'
import { type PageCall, readField } from '../flow/page-call.ts'

/** Requests that the browser creates a passkey for this person. @throws PageError */
export async function requestNewPasskey(context: Context, { caller }: PageCall, user: User): Promise<PasskeyRequest> {
  if (!context.passkeys.isAvailable) throw new PageError('noPasskeys')
  const tenantName = (await context.directory.tenant()).displayName
  return context.passkeys.requestRegistration(caller.browser, user, tenantName)
}

/** The passkey that the browser created, with the name that the person gave it; undefined if the browser created none. */
export async function readNewPasskey(
  context: Context,
  { caller }: PageCall,
  user: User,
  form: Form,
): Promise<NewPasskey | undefined> {
  const [challenge, credential] = [readField(form, 'challenge'), readField(form, 'credential')]
  const displayName = plainLine(readField(form, 'name').trim().slice(0, 64)) || 'Passkey'
  const made = await context.passkeys.verifyRegistration(caller.browser, user, challenge, credential)
  return made && { ...made, displayName }
}
