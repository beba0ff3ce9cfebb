import type { FastifyReply } from 'fastify'
import type { Form } from '@acrux/shared/standards/http/form.ts'
import { accountInQuery, accountNavigation, hiddenFieldsOf, requireAccount } from './account.ts'
import { instant } from '../pages/instant.ts'
import { withdrawalEvent } from './sign-ins.ts'
import { type Html, html } from '../pages/html.ts'
import { type HiddenFields, hiddenFields } from '../pages/layout.ts'
import { resourceName } from '../flow/complete.ts'
import type { Context } from '../flow/context.ts'
import { type PageCall, readField } from '../flow/page-call.ts'
import { redirectTo, sendPage } from '../flow/send-page.ts'

const page = 'applications'
const maxListed = 200

/** Lists the applications that have the person's consent, and their access. */
export async function showApplications(context: Context, call: PageCall): Promise<FastifyReply> {
  const account = requireAccount(context, call, { objectId: accountInQuery(call), page })
  const consents = await context.consents.find({ objectId: account.user.objectId }, maxListed)
  const form = hiddenFieldsOf(call, account)
  const rows: Html[] = []
  for (const [clientId, given] of Map.groupBy(consents, ({ client_id }) => client_id)) {
    const name = (await context.protocol.findClient(clientId))?.displayName ?? 'A deleted application'
    const resources = given.map(({ audience }) => resourceName(audience)).join(', ')
    const sinceMs = Math.min(...given.map(({ given_at_ms }) => given_at_ms))
    rows.push(row(form, { clientId, name, resources, sinceMs }))
  }
  const body =
    rows.length === 0
      ? html`<p>No application has access to your account.</p>
          <p class="quiet">
            Applications that you consent to appear here. You can remove the access of an application at any time.
          </p>`
      : html`<p>These applications can act on your behalf. Removing access also signs you out of the application.</p>
          <ul class="rows">
            ${rows}
          </ul>`
  const navigation = accountNavigation(call, account, page)
  return sendPage(context, call.reply, { title: 'Applications', body, navigation, isWide: true })
}

/** Withdraws a person's consents for an application, and ends the person's sign-ins to it. */
export async function submitWithdrawConsent(context: Context, call: PageCall, form: Form): Promise<FastifyReply> {
  const account = requireAccount(context, call, { objectId: readField(form, 'account'), page })
  const { objectId } = account.user
  const clientId = readField(form, 'client').slice(0, 64)
  await context.database.transaction(async (transaction) => {
    if (!(await context.consents.withdrawAll(transaction, objectId, clientId))) return
    await context.credentials.endSignInsTo(transaction, objectId, clientId)
    await context.audit.record(transaction, withdrawalEvent(call, account, clientId))
  })
  return redirectTo(call.reply, `/account/applications?account=${objectId}`)
}

type Access = {
  readonly clientId: string
  readonly name: string
  readonly resources: string
  readonly sinceMs: number
}

function row(form: HiddenFields, { clientId, name, resources, sinceMs }: Access): Html {
  return html`<li>
    <span>
      <strong>${name}</strong>
      <span class="quiet">Access to: ${resources}</span>
      <span class="quiet">Since ${instant(sinceMs)}</span>
    </span>
    <form method="post" action="/account/applications/remove">
      ${hiddenFields(form, { client: clientId })}<button type="submit" aria-label="Remove access of ${name}">
        Remove access
      </button>
    </form>
  </li>`
}
