"""E-mail over SMTP."""

from email.message import EmailMessage
from urllib.parse import unquote, urlsplit

import aiosmtplib

from subgraphs.notification.channels.interface import ChannelUnavailable, Message, Rejected

TIMEOUT_SECONDS = 10.0


class SmtpChannel:
    """Sends e-mails through the server at an ``smtp://`` or ``smtps://`` URL."""

    def __init__(self, url: str, *, sender: str) -> None:
        self._server = urlsplit(url)
        self._sender = sender

    async def send(self, message: Message) -> str:
        """The Message-ID, which is made of the delivery's id.

        Raises:
            ChannelUnavailable: when the server is away, or refuses for now.
            Rejected: when it refuses the recipient or the message for good.
        """
        mail = EmailMessage()
        mail["From"] = self._sender
        mail["To"] = message.recipient
        mail["Subject"] = message.subject
        mail["Message-ID"] = f"<{message.id}@{self._domain}>"
        mail.set_content(message.body)
        try:
            await aiosmtplib.send(
                mail,
                hostname=self._server.hostname,
                port=self._server.port or 25,
                username=unquote(self._server.username) if self._server.username else None,
                password=unquote(self._server.password) if self._server.password else None,
                use_tls=self._server.scheme == "smtps",
                start_tls=None if self._server.username else False,
                timeout=TIMEOUT_SECONDS,
            )
        except (aiosmtplib.SMTPRecipientsRefused, aiosmtplib.SMTPResponseException) as refused:
            if _is_for_good(refused):
                raise Rejected(type(refused).__name__) from refused
            raise ChannelUnavailable(type(refused).__name__) from refused
        except (aiosmtplib.SMTPException, OSError) as error:
            raise ChannelUnavailable(type(error).__name__) from error
        return str(mail["Message-ID"])

    @property
    def _domain(self) -> str:
        return self._sender.rpartition("@")[2].rstrip(">") or "localhost"


def _is_for_good(refused: aiosmtplib.SMTPException) -> bool:
    match refused:
        case aiosmtplib.SMTPRecipientsRefused(recipients=recipients):
            return all(each.code >= 500 for each in recipients)
        case aiosmtplib.SMTPResponseException(code=code):
            return code >= 500
        case _:
            return False
