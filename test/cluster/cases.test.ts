import { caseStories, forAWhile } from "../stories/cases.ts";
import { realWorld } from "../world/real-world.ts";

caseStories(() => realWorld({ namespace: "e2e-cases", volume: "db4" }), {
  webhookAway: (world) =>
    forAWhile(world, "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations", {
      apiVersion: "admissionregistration.k8s.io/v1",
      kind: "ValidatingWebhookConfiguration",
      metadata: { name: "e2e-cases-away" },
      webhooks: [
        {
          name: "away.example.com",
          clientConfig: { url: "https://127.0.0.1:1/" },
          rules: [{ apiGroups: [""], apiVersions: ["v1"], operations: ["CREATE"], resources: ["pods"] }],
          namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": world.namespace } },
          failurePolicy: "Fail",
          sideEffects: "None",
          admissionReviewVersions: ["v1"],
        },
      ],
    }),
  limitRange: (world) =>
    forAWhile(world, `/api/v1/namespaces/${world.namespace}/limitranges`, {
      apiVersion: "v1",
      kind: "LimitRange",
      metadata: { name: "small" },
      spec: { limits: [{ type: "Container", max: { cpu: "1" } }] },
    }),
  serviceEnv: () => ({}),
});
