// The sweep as a scheduled job of Azure Container Apps, with a user-assigned identity that holds the permissions of
// docs/permissions.md and nothing else.
param location string = resourceGroup().location
@description('Resource id of the Container Apps environment.')
param environmentId string
@description('Resource id of the user-assigned identity that leaver signs in as.')
param identityId string
@description('Client id of that identity.')
param identityClientId string
@description('The image, by digest.')
param image string
@description('Name of a file share of the environment with leaver.toml and leavers.csv, mounted read-only.')
param configurationStorage string

resource job 'Microsoft.App/jobs@2025-01-01' = {
  name: 'leaver-sweep'
  location: location
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: {
      '${identityId}': {}
    }
  }
  properties: {
    environmentId: environmentId
    configuration: {
      triggerType: 'Schedule'
      scheduleTriggerConfig: {
        cronExpression: '30 2 * * *'
        parallelism: 1
        replicaCompletionCount: 1
      }
      replicaTimeout: 28800
      replicaRetryLimit: 0
    }
    template: {
      containers: [
        {
          name: 'leaver'
          image: image
          args: ['sweep', '--config', '/etc/leaver/leaver.toml', '--leavers', '/etc/leaver/leavers.csv', '--bundle', '/scratch/bundle', '--log-format', 'json']
          env: [
            { name: 'AZURE_CLIENT_ID', value: identityClientId }
            { name: 'TMPDIR', value: '/scratch' }
          ]
          resources: { cpu: json('0.5'), memory: '1Gi' }
          volumeMounts: [
            { volumeName: 'work', mountPath: '/scratch' }
            { volumeName: 'configuration', mountPath: '/etc/leaver' }
          ]
        }
      ]
      volumes: [
        { name: 'work', storageType: 'EmptyDir' }
        { name: 'configuration', storageType: 'AzureFile', storageName: configurationStorage }
      ]
    }
  }
}
