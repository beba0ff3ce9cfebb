import type { CallerNeed } from './arm/need.ts'
import {
  deleteAuditWebhook,
  getAuditWebhook,
  getAuditWebhookCallback,
  listAuditWebhooks,
  putAuditWebhook,
  rotateAuditWebhookSecret,
} from './server/audit-webhooks.ts'
import { action, table } from './table.ts'

const onWebhooks = (name: string): CallerNeed => action(`Acrux.Server/auditWebhooks/${name}`)
const webhooks = '/subscriptions/:subscriptionId/providers/Acrux.Server/auditWebhooks'
const webhook = `${webhooks}/:name`

/** The routes of the webhooks of the audit log. */
// prettier-ignore
export const webhookRows = table([
  { id: 'auditWebhooks.list',         method: 'GET',    path: webhooks, need: onWebhooks('read'),   cost: 'list', handle: listAuditWebhooks },
  { id: 'auditWebhooks.get',          method: 'GET',    path: webhook,  need: onWebhooks('read'),   cost: 'read', handle: getAuditWebhook },
  { id: 'auditWebhooks.put',          method: 'PUT',    path: webhook,  need: onWebhooks('write'),  cost: 'change', stepUp: true, handle: putAuditWebhook },
  { id: 'auditWebhooks.delete',       method: 'DELETE', path: webhook,  need: onWebhooks('delete'), cost: 'change', stepUp: true, handle: deleteAuditWebhook },
  { id: 'auditWebhooks.getCallbackConfig', method: 'POST', path: `${webhook}/getCallbackConfig`, need: onWebhooks('getCallbackConfig/action'), cost: 'read', stepUp: true, handle: getAuditWebhookCallback },
  { id: 'auditWebhooks.rotateSecret', method: 'POST',   path: `${webhook}/rotateSecret`, need: onWebhooks('rotateSecret/action'), cost: 'change', stepUp: true, handle: rotateAuditWebhookSecret },
])
