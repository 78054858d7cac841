from Products.ZServerViews.base import TextView

current_thread_id_zserver_view: TextView
