/** Where Paperclip's own volume is mounted: in its pod, and in each agent's pod that has it. */
export const sharedHome = "/paperclip";

/** Where kubelet mounts a pod's own token, namespace and certificate authority. */
export const serviceAccountDir = "/var/run/secrets/kubernetes.io/serviceaccount";
