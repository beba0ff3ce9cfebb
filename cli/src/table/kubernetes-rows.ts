import type { CommandRow } from '../framework/command/row.ts'

/** The commands for clusters of Kubernetes that pull from a registry. */
export const kubernetesRows: readonly CommandRow[] = [
  {
    path: 'acr attach',
    summary: 'let a managed identity or a service account of Kubernetes pull from a registry',
    load: () => import('../resources/acr/kubernetes/attach.ts'),
  },
  {
    path: 'acr check-acr',
    summary: 'check each step of a pull, as a node of Kubernetes runs it',
    load: () => import('../resources/acr/kubernetes/check-acr.ts'),
  },
  {
    path: 'acr detach',
    summary: 'remove what acrux acr attach has added',
    load: () => import('../resources/acr/kubernetes/detach.ts'),
  },
  {
    path: 'acr pull-secret',
    summary: 'print an image pull secret for Kubernetes',
    load: () => import('../resources/acr/kubernetes/pull-secret.ts'),
  },
]
