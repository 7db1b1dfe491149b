/*
 * crypto_keys.h: private keys for t_crypto.c. The RSA key of 2048 bits is the published one of
 * RFC 7515 appendix A.2, as PKCS#8; the others were made for this test and open nothing.
 */
#ifndef TESTS_UNIT_CRYPTO_KEYS_H
#define TESTS_UNIT_CRYPTO_KEYS_H

static const char rfc7515_pem[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQCh+BYK4uPJtGXO\n"
    "jS1lYmM2K5J9vinh8CR3/BYlzJChNuOL2TSXxbbqY913EeZ8dCn5VrD7io8ImtxL\n"
    "aYk8wTM/U+3QGbh3hCUv7JFP5IV3aVlL6kKA0ywPVb9ilE8TA5a8bpvfbr3SvaNn\n"
    "juygxmj3AbONv/s4yDQs4v5tJ/reSlpIdJed1LnPmt7Ex1sFhSwsD174pcF1A5L5\n"
    "ROjtZMEQxrZHYJqkeDrrnGya11UxMFBji4NmXG9veoKjlnAqH2QbgtPr8jkiGUkf\n"
    "toaHLFcW9Qr4NY2ai50Xw0Byj3+H2JoY2PyrZ62EWQwuz3WTOTY8BwNNb2BvniHg\n"
    "VFbK5emhAgMBAAECggEAEq5xpGnNCivDflJsRQBXHx1hdR1k6Ulwe2JZD50LpXyW\n"
    "PEAeP88vLNO97IjlA7/GQ5sLKMgvfTeXZx9SE+7YwVol2NXOoAJe46sui395IW/G\n"
    "O+pWJ1O0BkTGoVEn2bKVRUCgu+GjBVaYLU6f3l9kJfFNS3E0QbVdxzubSu3Mkqzj\n"
    "kn439X0M/V51gfpRLI9JYanrC4D4qAdGcopV/0ZHHzQlBjudU2QvXt4ehNYTCBr6\n"
    "XCLQUShb1juUO1ZdiYoFaFQT5Tw8bGUl/x/jTj3ccPDVZFD9pIuhLhBOneufuBiB\n"
    "4cS98l2SR/RQyGWSeWjnczT0QU91p1DhOVRuOopznQKBgQDgHMQQ60imZV1URk0K\n"
    "pLttoLhyt3SmqdEf/kgHePDdtzEafpAu+cS191R2JiuoF2yzWXnwFDcqGigp5BNr\n"
    "0AHQfD8/Lk8l1Mk09jxxCfui5nYooNyac8YFjm3vItzVCVDnEd3BbVWG8qf6deqE\n"
    "lMGAg+C2V0L4oNXnP7LZcPAZRwKBgQC5A8R+CZW2MvRTLLHzwZkUXV866cff7tx6\n"
    "kqa0finGG0KgeqlaZPxgCZnFp7AeAcCMtiynVlJ7vMVgePsLq6XtON4tB5kP9jAP\n"
    "rq3rbAOal78eUH5OcED6eNuCV8ixEu1eWcPNCS/l1OW1EnXUEoEHKl54Xrrz2uNw\n"
    "kgMTP1FZ1wKBgAcCn1dwJKufzBWQxWQp1vsM5fggqPN1qGb5y0MAk3g7/Ls5bkUp\n"
    "5u9SN0Ai3Ya6hNnvWJMb7sXQX6U/zyO2M/hTip7tUeh7CXgwo59dkpN75gJLVds2\n"
    "9+DAncu3KXU4f2Fa+7bLNrur53k8KwPOq2bbuTG69QtV7Jr5MR0AHWKNAoGBAIf/\n"
    "evpitUf+4JYbLpvNXWcY052Mpz22aR84mY3nh3F2LF2mjMJDpTg7FmuyPcVw6EcG\n"
    "yoAe9fa65iNqCq+jdw6PVNGo2hxfjSiZ8IIzHdsPXI89//pMjZcQK9r+CCoRjaZj\n"
    "OYiIDktVWZzmevJuv6WywUqd57LE3Zar3dLSIkx1AoGAIYd7DHOhrWvxkwPQsRM2\n"
    "tOgrjbcrfvtQJipd+DlcxyVuuM9sQLdgjVk2oy26F0EmpScGLq2MowX7fhd/QJQ3\n"
    "ydy5cY7YIBi87w93IKLEdfnbJtoOPLUW0ITrJReOgo1cq9SbsxYawBgfp/gh6A56\n"
    "03k2+ZQwVK0JKSHuLFkuQ3U=\n"
    "-----END PRIVATE KEY-----\n";

static const char encrypted_pem[] =
    "-----BEGIN ENCRYPTED PRIVATE KEY-----\n"
    "MIIFNTBfBgkqhkiG9w0BBQ0wUjAxBgkqhkiG9w0BBQwwJAQQjKeRp0Vd7KWMC0/7\n"
    "42OdswICCAAwDAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEECSCKBsBYQsgBNvI\n"
    "yTtCl9sEggTQqv9+0y8Sw+6aGEVQZ6xCBT2gdCMtT6mgy/xNKoCFdrL6e8/ptikW\n"
    "Mvy5lWj3SgE+atDrZTJ0XXSJkLsiUTGnAMWrLp72I0EDyxgzDg+aShoT+RlQtRoP\n"
    "l08CWuSwl0TBhixeqNysceIhYrVtMsx2dIoa8TZanOcfVJCqeVtUgzbH034ESkZP\n"
    "JH9voxHS3ObuXZlHhWMo87AVzlDkqCisNIsSbrZ3Hgjj4ufotTm9AcOWV6JAosCN\n"
    "14sGaj+/ncqMNEhXYc8MC9DRxTsJKS3xtcVql8PLHFGQ2U24Q6p3nmA9sFLqy1IB\n"
    "OnF1Ui1KA4++/3xVfktBeCb4NgCfh9ZWHw6TBPtrzn1GmgN4lcEX94sxaB/93J/t\n"
    "nS5p5eVK3mB4BnOBdDGwq+fHiYPPV9R7Whg8I5+tbHoZLEjCyVLVOppeeneYVgzi\n"
    "aXyncIPA6kY10u0A4R8jHfHyYZhpIbs1xvd/UKTo6u/5SvHIXsRtwbzJzop0hDEF\n"
    "xWTy7dcZikf65cMPV1FMD7kOmQx3R1yTtrkSTc0s/QwmF2Va7mkCmEzQkokkiVgU\n"
    "qo+tgubXv7OumODTUfsfz0RA743Z9M5nMffjhQdKJEprU6rlaU1BeD+OOUdxWDjq\n"
    "X9oUwN3ZaD8Vplm8kutXBczqU5kG3ALNukJNFj9LHOUTM8FVD/TsN3r8oCGS+4h4\n"
    "yFj85ouvaepB4ErJOQJ8cuzxab7Q6N83xqhMREDjgyv1RUA8NFmIFBsuiTazncrW\n"
    "ByX5vt6S32HWPgrcbyLEgEtfuQSVRjWIjjPNbagGDKJe2MdBSJSfxsQAjg9RIA2P\n"
    "RP8OoFkl9Au8D7gsAo7mmYwYmZcRTqKFW3SW0OLU/p9LDOdKOoz76NRu5XpZvN1I\n"
    "+GdblfQ8LF6Sdi2PQjIunsysZe4Z03g6bd01eGqG9xAuPYrFekVwdRVkUd/84wCC\n"
    "ptYKhobEGLyKJcDwi7oF7Z1p6X3YuPow5gLGUkg46p8GAMmdtJWmD3F1LsGODfdz\n"
    "duCr+/5r4oY1yAV6fK+FRGoeJo+xyaXODT/1nTZ+3Xi89RZx109g8ChGWQaol/pH\n"
    "2rzpk6KikqjOLXXPCrOiVrLK/1x7egzzOXpjR6trm2D7kfroBPlXdvXSRvKSCXy1\n"
    "UkbVokrsnWGLyorvPLM1I9VWngvhxwR4pfWFpgRlw4RnOLjcZQLwwykd46Xvlq7x\n"
    "2siQNNArx8nZR4aMMPuoEbZlqlBM5Zih8FjPykZvahEF5ArzpEmSR4zXXm+Cd5l3\n"
    "B1oBFbl7iEorcsuEbGtfltk7NAwQLRFMEdhQJJVIEf/g0+vq4qDZac1cbGkpk8fP\n"
    "nUhAKH79WEvAY8r1Y3AVCSQOLPHMxuJX2zRhOkIw/AMnEC5LaZsj4egy0jO/okqn\n"
    "IrAy+h3+SvKL74HtOWms2BzU5nYnTuqvOGkdIeamAEWkYaU0xZzoO4i5MJ+fm8N+\n"
    "iOT7l70gtI53wr4ShBsc/Y0Yt9I6NfVkWc2SFxDU2EUsOPYvvfBsybRCVTByOQmi\n"
    "kZrfgDW1OHNWzFPczEhcPs/q/2khcrToetXFOOkDa+egsATO2glZcI6KQiabETW6\n"
    "pNwNEsn9NmQeqOjRLOTnNTOgCTkhO2CWFzD+czdET5WIUUMotqO2gr8=\n"
    "-----END ENCRYPTED PRIVATE KEY-----\n";

static const char ec_pem[] = "-----BEGIN PRIVATE KEY-----\n"
                             "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgMk+h5f3P2E/C/Bap\n"
                             "iNXWxlc5WUiufFp7BLOWiHehfZGhRANCAAS3MkrxpMazOloEsQT/CBYYZ/343q8g\n"
                             "SANGiB5CoBKwQplw4Dxt0/iKjMA7YVlOfFTHUYnVXANIJxpBvkilkJJj\n"
                             "-----END PRIVATE KEY-----\n";

static const char small_rsa_pem[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MIICdwIBADANBgkqhkiG9w0BAQEFAASCAmEwggJdAgEAAoGBAN6QoTSLE7UQQTQ3\n"
    "B1ZeM/4RALgKbZXH+EB8DJTTsdLigRKaIT3utOt4IQbsRIrd2B66mQ/f78F2T5Mq\n"
    "viA6kuuIWLGHwgRoBO88zyFEPzZwA1RzqeMYyp1PfOIzO093s+Woq+1JpaTDLlrl\n"
    "UDaBmH9pBYiBajynQYnw2Yt9BzEXAgMBAAECgYEApuywi1j3+efsD35qOWPD+PzF\n"
    "nkLr99eYIL0pLoIrr7AEAHCrF+kttiFOHAQeUEycqEdpPxfEmUPj4MvA9ykXQLvd\n"
    "VqgAD9G3WqNYebCe34T1ofVTGoS020CRu5FAxh86+vBoJUotVYXVJqGypn4JDiec\n"
    "nCEHm151Wa0L8llWnRECQQDwWGXYyuf5buQkDRn1xG8WvD4sSxZkEVPi41UjLnKC\n"
    "H2puPhvinvf3jNJjlEY/70LvptcHItwlGTRZxufD2yfPAkEA7Q/BkzuhpjAwfPaw\n"
    "UXit1veQIsroWiqXjkq6n9T+FWbYksKUCD+rkL+buytDbFBIrxVk3yiJeIYXlt3P\n"
    "eJBsOQJAIhdn2uhtHyRrl/GDzSif2Um6R+4ervMGQxib6vGbrHloT1rf+bUy1xpS\n"
    "fW16yXbWt8eimJCJSXnZwyJDnbRoYQJALHsdXkv9G9rE7l23XcIgFErlb7HVAT4m\n"
    "q9tXwy/K8ScYEgmSjy2rOoDJbshCYWt7B+ciw0Cu8r9uY6+BA2VN+QJBAIpAK/lS\n"
    "w+MGvJmo3qbSsDbsX3M8JmoBwfoLWd74tIDR7Hq9o3e/yodqYUIBnf7LaYeF3jIj\n"
    "h46HypDAdOm36Ug=\n"
    "-----END PRIVATE KEY-----\n";

#endif
