#!/bin/sh
# Lets OpenSSL read a leaf certificate's files. The CA verifies the certificate for every use that it names, and it names at least
# one. The key belongs to the certificate, and the bundle has both.
bad=0
complain() {
    printf '%s: %s\n' "$file" "$1"
    bad=1
}
for file; do
    folder=${file%/*}
    case ${file##*/} in
    ca.pem) said=$(openssl x509 -in "$file" -noout -checkend 0 2>&1) || complain "$said" ;;
    key.pem) ;;
    cert.pem | bundle.pem)
        uses=$(openssl x509 -in "$file" -noout -ext extendedKeyUsage 2>&1)
        purposes=
        case $uses in *"Web Server"*) purposes="$purposes sslserver" ;; esac
        case $uses in *"Web Client"*) purposes="$purposes sslclient" ;; esac
        [ -n "$purposes" ] || complain "is for neither servers nor clients"
        for purpose in $purposes; do
            said=$(openssl verify -purpose "$purpose" -x509_strict -CAfile "$folder/ca.pem" "$file" 2>&1) || complain "$said"
        done
        ;;
    *) complain "is no file of a leaf certificate" ;;
    esac
    case ${file##*/} in
    key.pem | bundle.pem)
        of_key=$(openssl pkey -in "$file" -pubout 2>&1) || complain "$of_key"
        of_certificate=$(openssl x509 -in "$folder/cert.pem" -pubkey -noout 2>&1)
        [ "$of_key" = "$of_certificate" ] || complain "the key does not belong to the certificate"
        ;;
    esac
done
exit "$bad"
