import { askArm } from '../../../clients/arm/arm.ts'
import { type NamedRegistry, groupPath } from '../../../clients/arm/named-registry.ts'

const settingsVersion = '2021-05-01-preview'

/** Makes a registry send its events to a workspace: an id, or a name in the resource group. @throws ApiError */
export async function createDiagnosticSettings(
  { account, id, name }: NamedRegistry,
  group: string,
  workspace: string,
): Promise<void> {
  const workspaceId = workspace.startsWith('/')
    ? workspace
    : `${groupPath(account, group)}/providers/microsoft.OperationalInsights/workspaces/${workspace}`
  const kept = { enabled: true, retentionPolicy: { enabled: true, days: 0 } }
  const logs = ['ContainerRegistryRepositoryEvents', 'ContainerRegistryLoginEvents']
  const properties = {
    workspaceId,
    metrics: [{ category: 'AllMetrics', ...kept }],
    logs: logs.map((category) => ({ category, ...kept })),
  }
  const url = `${id}/providers/Microsoft.Insights/diagnosticSettings/${name}-diagnostic-settings?api-version=${settingsVersion}`
  await askArm(account, { method: 'PUT', url, body: { properties } })
}
