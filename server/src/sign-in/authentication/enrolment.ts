import type { FastifyReply } from 'fastify'
import type { Form } from '@acrux/shared/standards/http/form.ts'
import { assets } from '../pages/assets.ts'
import { PageError } from '../flow/errors.ts'
import { html } from '../pages/html.ts'
import { mayAddMethods } from '../flow/next-step.ts'
import { requestNewPasskey, readNewPasskey } from './new-passkey.ts'
import { firstCodePage } from '../pages/enrolment-pages.ts'
import { newPasskeyPage, recoveryCodesPage } from '../pages/security-pages.ts'
import { linkList } from '../pages/layout.ts'
import { cancelButton } from '../pages/sign-in-pages.ts'
import { proceed } from '../flow/proceed.ts'
import { type FlowStep, formOf, openFlowStep, show } from '../flow/flow-step.ts'
import { qrCodeOf } from '../pages/qr-code.ts'
import type { Account, PendingAccount } from '../sessions/sessions.ts'
import type { Context } from '../flow/context.ts'
import { type NewMethod, recordAuthentication, recordSession, sendSession } from '../flow/record-authentication.ts'
import { flowPath, requireFlow } from '../flow/flow-path.ts'
import { type PageCall, eventOf, readField } from '../flow/page-call.ts'
import { redirectTo } from '../flow/send-page.ts'
import { enrolmentTitle, showEnrolment } from '../flow/show-enrolment.ts'

/** Redirects a person who signed in with only a password to the page that asks for an owner's code. */
export async function beginEnrolment(context: Context, call: PageCall, account: Account): Promise<FastifyReply> {
  const { user, methods } = account
  const nowMs = context.clock.now()
  const authentication = { user, methods, authenticatedAtMs: nowMs, remaining: ['enrolment'] as const }
  await recordAuthentication(context, call, authentication, { continues: account })
  const flow = { kind: 'account', destination: 'security', isFresh: true, startedAtMs: nowMs + 1 } as const
  return redirectTo(call.reply, flowPath(context, call.caller, { ...flow, chosen: user.objectId }))
}

/** Starts the setup of the method that the person chose: an authenticator app, whose secret is shown, or a passkey. */
export function submitEnrolment(context: Context, call: PageCall, form: Form): Promise<FastifyReply> {
  return withEnrolment(context, call, form, async (enrolment) => {
    if (readField(form, 'method') === 'passkey') return showFirstPasskey(enrolment)
    const { step, pending } = enrolment
    const { credentials, database } = context
    const person = await totpHolder(context, pending)
    const made = await database.transaction(async (transaction) => {
      await credentials.requireSignIn(transaction, pending)
      return credentials.secondFactors.enrolTotp(transaction, person)
    })
    return made === undefined ? proceed(step) : showFirstCode(enrolment, made)
  })
}

/** Checks the first code of the app, and continues the sign-in with the new second factor. */
export function submitFirstCode(context: Context, call: PageCall, form: Form): Promise<FastifyReply> {
  return withEnrolment(context, call, form, async (enrolment) => {
    const { step, pending } = enrolment
    const { secondFactors } = context.credentials
    const code = readField(form, 'code').trim()
    const added = await addFirstFactor(enrolment, {
      kind: 'totp',
      methods: ['otp', 'mfa'],
      add: (transaction) => secondFactors.confirmTotp(transaction, pending.user.objectId, code),
    })
    if (added) return step.call.reply
    const made = await secondFactors.findPendingTotp(await totpHolder(context, pending))
    if (made === undefined) return showEnrolment(step, pending, 'The setup was started elsewhere. Start over.')
    return showFirstCode(enrolment, made, 'Incorrect code. Enter the current code from the app.')
  })
}

/** Checks the passkey that the browser created, and continues the sign-in with the new second factor. */
export function submitFirstPasskey(context: Context, call: PageCall, form: Form): Promise<FastifyReply> {
  return withEnrolment(context, call, form, async (enrolment) => {
    const passkey = await readNewPasskey(context, call, enrolment.pending.user, form)
    if (passkey === undefined) return showFirstPasskey(enrolment, 'Your browser did not create a passkey. Try again.')
    const added = await addFirstFactor(enrolment, {
      kind: 'passkey',
      methods: ['hwk', 'mfa'],
      add: async (transaction) =>
        (await context.credentials.secondFactors.addPasskey(transaction, passkey)) !== undefined,
    })
    return added ? call.reply : showFirstPasskey(enrolment, 'This passkey is already registered.')
  })
}

/** An allowed setup, with the owner's code if one is required. */
type Enrolment = { readonly step: FlowStep; readonly pending: PendingAccount; readonly accessPass: string }

/** Runs a step of the setup if the person is allowed to; otherwise shows the page that comes first. */
async function withEnrolment(
  context: Context,
  call: PageCall,
  form: Form,
  run: (enrolment: Enrolment) => Promise<FastifyReply>,
): Promise<FastifyReply> {
  const step = await openFlowStep(context, call, requireFlow(context, call.caller, readField(form, 'flow')))
  const pending = enrollingOf(step)
  if (pending === undefined) return proceed(step)
  const accessPass = readField(form, 'access_pass').trim()
  // The page after a wrong first code shows the secret again, so it requires the same as starting the setup.
  if (!(await mayEnrol(context, pending, accessPass))) return rejectAccessPass(step, pending)
  return run({ step, pending, accessPass })
}

async function mayEnrol(
  { credentials }: Context,
  { user: { objectId }, methods }: PendingAccount,
  accessPass: string,
): Promise<boolean> {
  if (!(await credentials.needsAccessPass(objectId, methods))) return true
  return credentials.accessPasses.isValid(objectId, accessPass)
}

async function rejectAccessPass(step: FlowStep, pending: PendingAccount): Promise<FastifyReply> {
  await step.context.audit.append(
    eventOf(step.call, pending, { action: 'second-factor.add', outcome: 'refused', reason: 'wrong-access-pass' }),
  )
  return showEnrolment(step, pending, 'Incorrect or expired access pass. Ask an administrator for a new access pass.')
}

/**
 * Adds the first second factor, continues the sign-in with it in the same transaction, and shows the recovery codes. Returns
 * false, and sends no response, if nothing was added.
 *
 * @throws PageError, AuthenticationRejectedError
 */
async function addFirstFactor(
  { step, pending, accessPass }: Enrolment,
  { kind, methods: addedMethods, add }: NewMethod,
): Promise<boolean> {
  const { context, call, flow } = step
  const { database, credentials, audit } = context
  const { user, methods } = pending
  const { objectId } = user
  const [, ...remaining] = pending.remaining
  const allMethods = [...new Set([...methods, ...addedMethods])]
  const authentication = { user, methods: allMethods, authenticatedAtMs: context.clock.now(), remaining }
  const added = await database.transaction(async (transaction) => {
    await credentials.requireSignIn(transaction, pending)
    // Another sign-in may have added a second factor since the session was read. It is then required before another is added.
    const due = await credentials.secondFactorDue(objectId, methods, transaction)
    if (due === 'second-factor') throw new PageError('outdated')
    const needsCode = await credentials.needsAccessPass(objectId, methods, transaction)
    if (!(await add(transaction))) return undefined
    if (needsCode && !(await credentials.accessPasses.use(transaction, objectId, accessPass))) {
      throw new PageError('accessPass')
    }
    const detail = { kind, byOwnerCode: needsCode }
    await audit.record(transaction, eventOf(call, pending, { action: 'second-factor.add', outcome: 'success', detail }))
    const event = { kind: 'method-added', detail: kind, origin: call.origin } as const
    await credentials.securityEvents.record(transaction, objectId, event)
    const codes = await credentials.secondFactors.newRecoveryCodes(transaction, objectId)
    return { codes, sessionId: await recordSession(context, call, transaction, authentication) }
  })
  if (added === undefined) return false
  sendSession(context, call, authentication, added.sessionId)
  const body = recoveryCodesPage(user.userPrincipalName, added.codes, flowPath(context, call.caller, flow))
  await show(step, { title: 'Your recovery codes', body, script: assets.recoveryCodesScript.path })
  return true
}

/** The person who must set up a second factor in this sign-in. */
function enrollingOf({ call, flow }: FlowStep): PendingAccount | undefined {
  const pending = call.caller.session?.pending
  const isTheirs = pending !== undefined && pending.user.objectId === flow.chosen
  return isTheirs && pending.remaining[0] === 'enrolment' && mayAddMethods(pending) ? pending : undefined
}

async function totpHolder({ directory }: Context, { user }: PendingAccount) {
  const { objectId, userPrincipalName } = user
  return { objectId, userPrincipalName, issuer: (await directory.tenant()).displayName }
}

function showFirstCode(
  { step, accessPass }: Enrolment,
  made: { readonly secretBase32: string; readonly uri: string },
  problem?: string,
): Promise<FastifyReply> {
  const body = firstCodePage(formOf(step), { ...made, accessPass, picture: qrCodeOf(made.uri), problem })
  return show(step, {
    title: enrolmentTitle,
    body,
    hasError: problem !== undefined,
    status: problem === undefined ? 200 : 400,
  })
}

async function showFirstPasskey({ step, pending, accessPass }: Enrolment, problem?: string): Promise<FastifyReply> {
  const { context, call, flow } = step
  const form = formOf(step)
  const page = newPasskeyPage(form, {
    ...(await requestNewPasskey(context, call, pending.user)),
    action: '/sign-in/enrolment/passkey',
    hidden: { access_pass: accessPass },
    cancel: cancelButton(form),
    problem,
  })
  const body = html`${page} ${linkList([{ label: 'Use another method', href: flowPath(context, call.caller, flow) }])}`
  const status = problem === undefined ? 200 : 400
  const script = assets.passkeyScript.path
  return show(step, { title: 'Add a passkey', body, script, hasError: problem !== undefined, status })
}
