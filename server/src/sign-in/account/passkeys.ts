import type { FastifyReply } from 'fastify'
import type { Transaction } from '../../platform/sql/database.ts'
import type { Form } from '@acrux/shared/standards/http/form.ts'
import { accountInQuery, accountNavigation, hiddenFieldsOf } from './account.ts'
import { assets } from '../pages/assets.ts'
import { beginEnrolment } from '../authentication/enrolment.ts'
import { html } from '../pages/html.ts'
import { requestNewPasskey, readNewPasskey } from '../authentication/new-passkey.ts'
import { newPasskeyPage } from '../pages/security-pages.ts'
import type { Account } from '../sessions/sessions.ts'
import type { Context } from '../flow/context.ts'
import { type PageCall, readField } from '../flow/page-call.ts'
import { sendPage } from '../flow/send-page.ts'
import {
  accountOfForm,
  requireMethodOwner,
  needsOwnerCode,
  addMethod,
  removeMethod,
  backToSecurity,
} from './method-change.ts'

/** Shows the page on which the browser creates a passkey. */
export async function showNewPasskey(context: Context, call: PageCall): Promise<FastifyReply> {
  const account = requireMethodOwner(context, call, accountInQuery(call))
  if (await needsOwnerCode(context, account)) return beginEnrolment(context, call, account)
  return sendNewPasskey(context, call, account)
}

/** Adds the passkey that the browser created. */
export async function submitNewPasskey(context: Context, call: PageCall, form: Form): Promise<FastifyReply> {
  const account = accountOfForm(context, call, form)
  const { user } = account
  const made = await readNewPasskey(context, call, user, form)
  if (made === undefined)
    return sendNewPasskey(context, call, account, 'Your browser did not create a passkey. Try again.')
  const add = async (transaction: Transaction) =>
    (await context.credentials.secondFactors.addPasskey(transaction, made)) !== undefined
  if (await addMethod(context, call, account, { kind: 'passkey', methods: ['hwk', 'mfa'], add })) return call.reply
  const problem = 'This passkey is already registered, or you have reached the maximum of 20 passkeys.'
  return sendNewPasskey(context, call, account, problem)
}

/** Removes a passkey. */
export async function submitRemovePasskey(context: Context, call: PageCall, form: Form): Promise<FastifyReply> {
  const account = accountOfForm(context, call, form)
  const passkey = readField(form, 'passkey')
  const remove = (transaction: Transaction) =>
    context.credentials.secondFactors.removePasskey(transaction, account.user.objectId, passkey)
  await removeMethod(context, call, account, { kind: 'passkey', remove })
  return backToSecurity(call, account, 'change')
}

async function sendNewPasskey(
  context: Context,
  call: PageCall,
  account: Account,
  problem?: string,
): Promise<FastifyReply> {
  const request = await requestNewPasskey(context, call, account.user)
  const action = '/account/security/passkey'
  const cancel = html`<a class="button" href="/account/security?account=${account.user.objectId}">Cancel</a>`
  const body = newPasskeyPage(hiddenFieldsOf(call, account), { ...request, action, cancel, problem })
  const hasError = problem !== undefined
  const script = assets.passkeyScript.path
  return sendPage(context, call.reply, {
    title: 'Add a passkey',
    body,
    script,
    hasError,
    status: hasError ? 400 : 200,
    navigation: accountNavigation(call, account, 'security'),
    isWide: true,
  })
}
