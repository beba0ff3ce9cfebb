import type { FastifyReply } from 'fastify'
import type { Form } from '@acrux/shared/standards/http/form.ts'
import { accountInQuery, accountNavigation, hiddenFieldsOf, requireAccount } from './account.ts'
import { html } from '../pages/html.ts'
import { changedNotice, removalPage, securityPage } from '../pages/security-pages.ts'
import type { Context } from '../flow/context.ts'
import { type PageCall, eventOf, readParameter } from '../flow/page-call.ts'
import { sendPage } from '../flow/send-page.ts'
import {
  accountOfForm,
  requireMethodOwner,
  changeMethods,
  recordMethodChange,
  backToSecurity,
  sendRecoveryCodes,
} from './method-change.ts'

/** Shows the sign-in methods of a person. */
export async function showSecurity(context: Context, call: PageCall): Promise<FastifyReply> {
  const account = requireAccount(context, call, { objectId: accountInQuery(call), page: 'security' })
  const { secondFactors } = context.credentials
  const { objectId } = account.user
  const held = await secondFactors.of(objectId)
  const passkeys = await secondFactors.passkeysOf(objectId)
  const canAddPasskey = context.passkeys.isAvailable
  const form = hiddenFieldsOf(call, account)
  const body = account.user.external
    ? html`<p>
        Your organisation’s identity provider manages your account. Change your password and second factor at the
        provider.
      </p>`
    : html`${readParameter(call, 'changed') === 'yes' && changedNotice(form)}${securityPage(form, { held, passkeys, canAddPasskey })}`
  const navigation = accountNavigation(call, account, 'security')
  return sendPage(context, call.reply, { title: 'Security', body, navigation, isWide: true })
}

/** Asks for confirmation before a sign-in method is removed, and lists the remaining ones. */
export async function showRemoval(context: Context, call: PageCall): Promise<FastifyReply> {
  const account = requireMethodOwner(context, call, accountInQuery(call))
  const { secondFactors } = context.credentials
  const held = await secondFactors.of(account.user.objectId)
  const passkeyId = readParameter(call, 'passkey')
  const passkeys = await secondFactors.passkeysOf(account.user.objectId)
  const passkey = passkeys.find(({ id }) => id === passkeyId)
  // It may have been removed in the meantime; the page shows the remaining methods.
  if (passkeyId === undefined ? !held.totp : passkey === undefined) return backToSecurity(call, account)
  const isLast = Number(held.totp) + held.passkeys === 1
  const body = removalPage(hiddenFieldsOf(call, account), { passkey, isLast })
  return sendPage(context, call.reply, {
    title: passkey === undefined ? 'Remove the app?' : 'Remove the passkey?',
    body,
    navigation: accountNavigation(call, account, 'security'),
    isWide: true,
  })
}

/** Replaces the recovery codes, and shows the new ones once. */
export async function submitRecoveryCodes(context: Context, call: PageCall, form: Form): Promise<FastifyReply> {
  const account = accountOfForm(context, call, form)
  const { objectId } = account.user
  const event = eventOf(call, account, { action: 'second-factor.recovery-codes', outcome: 'success' })
  const codes = await changeMethods(context, account, async (transaction) => {
    await context.audit.record(transaction, event)
    await recordMethodChange(context, call, { transaction, objectId, kind: 'method-added', method: 'recovery-codes' })
    return context.credentials.secondFactors.newRecoveryCodes(transaction, objectId)
  })
  return sendRecoveryCodes(context, call, account, codes)
}
