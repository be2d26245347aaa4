/** The gateway answers on the address that it serves this page from; it is never another host. */
export const ENDPOINT = "/graphql";
