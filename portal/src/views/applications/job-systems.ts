import { formatClaimsExpression } from '@acrux/shared/standards/oauth/federated-trust.ts'
import type { NewFederated } from '../../api/applications.ts'

/** The systems whose jobs and pods can be trusted. */
export const systems = ['github', 'gitlab', 'kubernetes', 'azure'] as const
export type JobSystem = (typeof systems)[number]

/** The fields that name a job. */
export type JobField =
  'repositoryId' | 'projectId' | 'branch' | 'issuer' | 'namespace' | 'serviceAccount' | 'subject' | 'connection'
export type JobValues = Readonly<Partial<Record<JobField, string>>>

/** The fields of each system. */
export const fieldsOf: Readonly<Record<JobSystem, readonly JobField[]>> = {
  github: ['repositoryId', 'branch'],
  gitlab: ['issuer', 'projectId', 'branch'],
  kubernetes: ['issuer', 'namespace', 'serviceAccount'],
  azure: ['issuer', 'subject', 'connection'],
}

/** The values that most jobs have. */
export const usualValues: Readonly<Record<JobSystem, JobValues>> = {
  github: { branch: 'main' },
  gitlab: { branch: 'main', issuer: 'https://gitlab.com' },
  kubernetes: { namespace: 'default', serviceAccount: 'default' },
  azure: {},
}

/** The audience of every token of Azure DevOps. */
export const azureAudience = 'api://AzureADTokenExchange'

const gitHubIssuer = 'https://token.actions.githubusercontent.com'

type Rule = Omit<NewFederated, 'name'>

const claims = (wanted: Readonly<Record<string, string>>): Pick<Rule, 'claimsMatchingExpression'> => {
  const equalities = Object.entries(wanted).map(([claim, value]) => ({ claim, value }))
  return { claimsMatchingExpression: { value: formatClaimsExpression(equalities), languageVersion: 1 } }
}

/** What is trusted. Ids rather than names, because someone else can take a name over later. */
export function ruleOf(system: JobSystem, values: JobValues, loginServer: string): Rule {
  const { repositoryId = '', projectId = '', branch = '', issuer = '', namespace, serviceAccount, subject } = values
  const audiences = [loginServer] as const
  switch (system) {
    case 'github':
      return {
        issuer: gitHubIssuer,
        audiences,
        ...claims({ repository_id: repositoryId, ref: `refs/heads/${branch}` }),
      }
    case 'gitlab':
      return { issuer, audiences, ...claims({ project_id: projectId, ref: branch, ref_type: 'branch' }) }
    case 'kubernetes':
      return { issuer, audiences, subject: `system:serviceaccount:${namespace}:${serviceAccount}` }
    case 'azure':
      return { issuer, audiences: [azureAudience], subject: subject ?? '' }
  }
}

type Job = {
  readonly system: JobSystem
  readonly values: JobValues
  readonly loginServer: string
  readonly clientId: string
}

/** The text to paste into the job, which signs in, and pushes or pulls. */
export function textToPaste({ system, values, loginServer, clientId }: Job): string {
  switch (system) {
    case 'github':
      return gitHubText(values, loginServer, clientId)
    case 'gitlab':
      return gitLabText(values, loginServer, clientId)
    case 'kubernetes':
      return kubernetesText(values, loginServer, clientId)
    case 'azure':
      return azureText(values, loginServer, clientId)
  }
}

/** A text in YAML. Branches and names may contain any character. */
const yaml = (text: string) => JSON.stringify(text)

function gitHubText({ branch = '' }: JobValues, loginServer: string, clientId: string): string {
  return `on:
  push:
    branches: [${yaml(branch)}]
permissions:
  contents: read
  id-token: write
jobs:
  push:
    runs-on: ubuntu-latest
    env:
      REGISTRY: ${loginServer}
      CLIENT_ID: ${clientId}
    steps:
      - uses: actions/checkout@v4
      - name: Log in
        shell: bash
        run: |
          token=$(printf 'Authorization: Bearer %s' "$ACTIONS_ID_TOKEN_REQUEST_TOKEN" |
            curl -sSf -H @- -G --data-urlencode "audience=$REGISTRY" "$ACTIONS_ID_TOKEN_REQUEST_URL" | jq -r .value)
          echo "::add-mask::$token"
          printf %s "$token" | docker login "$REGISTRY" --username "$CLIENT_ID" --password-stdin
      - run: docker build -t "$REGISTRY/team/app:$GITHUB_SHA" .
      - run: docker push "$REGISTRY/team/app:$GITHUB_SHA"
`
}

function gitLabText({ branch = '' }: JobValues, loginServer: string, clientId: string): string {
  return `push:
  image: quay.io/podman/stable
  variables:
    REGISTRY: ${loginServer}
    CLIENT_ID: ${clientId}
  id_tokens:
    ACRUX_ID_TOKEN:
      aud: ${loginServer}
  rules:
    - if: $CI_COMMIT_BRANCH == ${yaml(branch)}
  script:
    - printf %s "$ACRUX_ID_TOKEN" | podman login "$REGISTRY" --username "$CLIENT_ID" --password-stdin
    - podman build -t "$REGISTRY/team/app:$CI_COMMIT_SHA" .
    - podman push "$REGISTRY/team/app:$CI_COMMIT_SHA"
`
}

function kubernetesText(
  { namespace = '', serviceAccount = '' }: JobValues,
  loginServer: string,
  clientId: string,
): string {
  return `apiVersion: v1
kind: Pod
metadata:
  name: push
  namespace: ${yaml(namespace)}
spec:
  serviceAccountName: ${yaml(serviceAccount)}
  restartPolicy: Never
  containers:
    - name: push
      image: quay.io/skopeo/stable
      command: [sh, -c]
      args:
        - >-
          skopeo login ${loginServer} --username ${clientId} --password-stdin < /var/run/acrux/token &&
          skopeo copy docker://docker.io/library/alpine:latest docker://${loginServer}/team/alpine:latest
      volumeMounts:
        - { name: acrux, mountPath: /var/run/acrux, readOnly: true }
  volumes:
    - name: acrux
      projected:
        sources:
          - serviceAccountToken: { audience: ${yaml(loginServer)}, path: token, expirationSeconds: 3600 }
`
}

function azureText({ connection = '' }: JobValues, loginServer: string, clientId: string): string {
  return `trigger: [main]
pool: { vmImage: ubuntu-latest }
variables:
  REGISTRY: ${loginServer}
  CLIENT_ID: ${clientId}
  CONNECTION_ID: ${yaml(connection)}
steps:
  - displayName: Log in
    env: { SYSTEM_ACCESSTOKEN: $(System.AccessToken) }
    bash: |
      set -eo pipefail
      token=$(printf 'Authorization: Bearer %s' "$SYSTEM_ACCESSTOKEN" |
        curl -sSf -H @- -H "Content-Type: application/json" -d "" \\
          "$SYSTEM_OIDCREQUESTURI?api-version=7.1&serviceConnectionId=$CONNECTION_ID" | jq -r .oidcToken)
      echo "##vso[task.setsecret]$token"
      printf %s "$token" | docker login "$REGISTRY" --username "$CLIENT_ID" --password-stdin
  - bash: docker build -t "$REGISTRY/team/app:$(Build.SourceVersion)" .
  - bash: docker push "$REGISTRY/team/app:$(Build.SourceVersion)"
`
}
